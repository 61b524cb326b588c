"""NetworkPolicies that break a rule, and those that come close."""
