"""A manifest with a part missing or of another type is read, refused at its place, or passed over."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import yaml

from intentc.analysis.existing import Existing
from intentc.answers.coverage import coverage
from intentc.answers.suggestions import suggest
from intentc.compiler import Options, compile_files
from intentc.output.text import render

MANIFESTS = Path(__file__).parent.parent / "examples" / "boutique" / "manifests"
MORE = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: boutique}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: frontend, port: {name: http}}}
  rules: [{http: {paths: [{backend: {serviceName: frontend, servicePort: 80}}]}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: [{name: a, clientConfig: {service: {namespace: boutique, name: frontend, port: 80}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: boutique}
spec: {rules: [{backendRefs: [{name: frontend, port: 80, kind: Service}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: boutique}
data: {x: "http://frontend", y: "redis-cart:6379"}
---
apiVersion: v1
kind: Pod
metadata: {generateName: p-, namespace: boutique, labels: {app: p}, ownerReferences: [{kind: Custom}]}
spec:
  hostNetwork: true
  volumes:
    - {configMap: {name: settings, items: [{key: x}]}}
    - {projected: {sources: [{configMap: {name: a}}]}}
  initContainers: [{name: a, restartPolicy: Always, ports: [{containerPort: 1, hostPort: 2, name: x}]}]
  containers:
    - name: b
      command: [a, --db-host, frontend]
      envFrom: [{configMapRef: {name: settings}}]
      env: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: x}}}]
"""
STRANGE: list[Any] = [
    *(None, True, 0, -1, 65536, 1.5, "", "A b", "{{x}}", "x" * 300, "\n", "é", [], {}, [1], [None]),
    *({"a": 1}, {"a": {"b": []}}, [{}], [[]], {"name": []}, "http://frontend:80", "8080"),
]
INTENTS = b"""boutique -> boutique/frontend:80 via loadbalancer 80 local
load -> boutique/deployment/frontend:http/tcp, boutique[app=adservice]:9555
isolate boutique, boutique/redis-cart
"""
PROJECT = b"""version: 1
manifests: [{files: m.yaml, namespace: boutique}]
clusters: {prod: {podCIDRs: [100.64.0.0/14], nodeCIDRs: [192.168.64.0/19]}}
"""


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            found += places(value, (*path, key))
    return found


def mutated(chosen: random.Random, tree: Any) -> Any:
    tree = copy.deepcopy(tree)
    for _ in range(chosen.randint(1, 3)):
        if not (known := places(tree)):
            break
        *above, last = chosen.choice(known)
        inner = tree
        for key in above:
            inner = inner[key]
        if chosen.random() < 0.25:
            del inner[last]
        else:
            inner[last] = copy.deepcopy(chosen.choice(STRANGE))
    return tree


def test_no_mutation_of_an_object_raises() -> None:
    chosen = random.Random(20261123)
    texts = [*(path.read_text("utf-8") for path in sorted(MANIFESTS.iterdir())), MORE]
    documents = [document for text in texts for document in yaml.safe_load_all(text)]
    said: dict[str, int] = {}
    partial = 0
    for number in range(120):
        trees = list(documents)
        place = number % len(trees)
        trees[place] = mutated(chosen, trees[place])
        write = json.dumps if chosen.random() < 0.3 else yaml.safe_dump
        text = "---\n".join(f"{write(tree)}\n" for tree in trees)
        result = compile_files(
            {"intentc.yaml": PROJECT, "m.yaml": text.encode(), "a.intent": INTENTS}, Options()
        )
        render(result.diagnostics)
        inventory = result.project.inventory
        assert inventory is not None
        existing = Existing(result.project, inventory)
        for cluster in result.clusters:
            coverage(cluster.policy, existing)
        suggest(result)
        partial += inventory.partial
        for item in result.diagnostics:
            said[item.code] = said.get(item.code, 0) + 1
            if inventory.partial:
                # What could not be read may be what is missing: nothing is said of that.
                assert item.code not in ("E230", "W220", "W221", "W222", "E234"), item
    assert 20 < partial < 100
    assert "E804" in said
    assert not [code for code in said if code.startswith("E9")]
