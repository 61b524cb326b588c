"""intentc compiles lines of intent into Kubernetes NetworkPolicies and Google Cloud firewall rules."""

__version__ = "0.1.0"
