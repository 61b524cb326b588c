"""The script somebody would write in an afternoon: one regular expression, one template, a file a namespace.

It does the job of a plain build without good errors, a proof or a second layer, and is the measure of how
much those cost. `tests/test_bench.py` checks that it writes the same policies.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment

LINE = re.compile(
    r"(?P<source>[a-z0-9-]+)(?:\[(?P<sources>[^\]]*)\])? -> "
    r"(?P<target>[a-z0-9-]+)(?:\[(?P<targets>[^\]]*)\])?:(?P<port>[0-9]+)\s*"
)

TEMPLATE = """\
{% for policy in policies %}
---
apiVersion: "networking.k8s.io/v1"
kind: "NetworkPolicy"
metadata:
  name: "{{ policy.name }}"
  namespace: "{{ policy.namespace }}"
  labels:
    "app.kubernetes.io/managed-by": "intentc"
spec:
  podSelector:
{%- if policy.labels %}

    matchLabels:
{% for key, value in policy.labels %}
      "{{ key }}": "{{ value }}"
{% endfor %}
{% else %}
 {}
{% endif %}
  policyTypes:
    - "{{ policy.direction }}"
  {{ policy.direction | lower }}:
{% for peers, ports in policy.rules %}
    - {{ policy.peers_key }}:
{% for namespace, labels in peers %}
        - namespaceSelector:
            matchLabels:
              "kubernetes.io/metadata.name": "{{ namespace }}"
{% if labels %}
          podSelector:
            matchLabels:
{% for key, value in labels %}
              "{{ key }}": "{{ value }}"
{% endfor %}
{% endif %}
{% endfor %}
      ports:
{% for protocol, port in ports %}
        - protocol: "{{ protocol }}"
          port: {{ port }}
{% endfor %}
{% endfor %}
{% endfor %}
"""

DNS_PEER = ("kube-system", (("k8s-app", "kube-dns"),))
DNS_PORTS = (("TCP", 53), ("UDP", 53))


def labels_of(text: str | None) -> Any:
    """Return the labels of a selector such as `app=web, tier=front`."""
    return tuple(sorted(tuple(pair.strip().split("=")) for pair in text.split(","))) if text else ()


def main(project: str, output: str) -> None:
    """Read `intents/*.intent` below `project` and write one file of policies a namespace."""
    subjects: dict[Any, Any] = {}
    for path in sorted((Path(project) / "intents").glob("*.intent")):
        for line in path.read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            found = LINE.fullmatch(line)
            if found is None:
                sys.exit(f"cannot read: {line}")
            source = (found["source"], labels_of(found["sources"]))
            target = (found["target"], labels_of(found["targets"]))
            port = ("TCP", int(found["port"]))
            egress = subjects.setdefault((*source, "Egress"), {DNS_PEER: set(DNS_PORTS)})
            egress.setdefault(target, set()).add(port)
            subjects.setdefault((*target, "Ingress"), {}).setdefault(source, set()).add(port)
    files: dict[str, list[Any]] = {}
    for (namespace, labels, direction), peers in sorted(subjects.items()):
        by_ports: dict[Any, list[Any]] = {}
        for peer, ports in sorted(peers.items()):
            by_ports.setdefault(tuple(sorted(ports)), []).append(peer)
        digest = hashlib.sha256(repr((namespace, labels, direction)).encode()).hexdigest()[:10]
        policy = {
            "name": f"{namespace}-{direction.lower()}-{digest}",
            "namespace": namespace,
            "labels": labels,
            "direction": direction,
            "peers_key": "to" if direction == "Egress" else "from",
            "rules": [(peers, ports) for ports, peers in sorted(by_ports.items())],
        }
        files.setdefault(namespace, []).append(policy)
    template = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False).from_string(TEMPLATE)  # noqa: S701
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    for namespace, policies in files.items():
        (folder / f"{namespace}.yaml").write_text(template.render(policies=policies))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
