"""What manifests say exists is found by selectors as Kubernetes finds it; names mean their labels exactly."""

from __future__ import annotations

import random
import time

import pytest

from intentc import ir
from intentc.analysis.existing import Existing, holds
from intentc.compiler import Result, compile_texts
from intentc.inventory import Inventory, Workload
from intentc.profile import Namespace, Project
from intentc.source import SourceFile, Span

NOWHERE = Span(SourceFile("k8s.yaml", ""), 0, 0)
KEYS, VALUES = ("app", "tier", "track"), ("a", "b", "c")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def matches(selector: ir.Selector, labels: dict[str, str]) -> bool:
    """Say what the API's documentation says of each operator, one after the other."""
    for key, operator, values in selector:
        if operator == "In" and (key not in labels or labels[key] not in values):
            return False
        if operator == "NotIn" and key in labels and labels[key] in values:
            return False
        if operator == "Exists" and key not in labels:
            return False
        if operator == "DoesNotExist" and key in labels:
            return False
    return True


def some_labels(chosen: random.Random) -> dict[str, str]:
    return {key: chosen.choice(VALUES) for key in KEYS if chosen.random() < 0.6}


def some_selector(chosen: random.Random) -> ir.Selector:
    found = set()
    for _ in range(chosen.randint(0, 3)):
        operator = chosen.choice(OPERATORS)
        values = tuple(sorted(chosen.sample(VALUES, chosen.randint(1, 2)))) if operator.endswith("In") else ()
        found.add(ir.Requirement(chosen.choice(KEYS), operator, values))  # type: ignore[arg-type]
    return tuple(sorted(found))


def some_inventory(chosen: random.Random) -> tuple[Project, Existing]:
    spaces = ("shop", "data", "ops")
    inventory = Inventory(
        workloads=tuple(
            Workload(
                "deployment",
                chosen.choice(spaces),
                f"w{number}",
                tuple(sorted(some_labels(chosen).items())),
                (),
                (),
                NOWHERE,
            )
            for number in range(12)
        )
    )
    stated = tuple(Namespace(name, tuple(sorted(some_labels(chosen).items()))) for name in spaces)
    project = Project(namespaces=stated, inventory=inventory)
    return project, Existing(project, inventory)


def test_a_selector_finds_what_trying_every_workload_finds() -> None:
    chosen = random.Random(11)
    sizes = set()
    for _ in range(300):
        project, existing = some_inventory(chosen)
        assert project.namespaces is not None
        labels = {
            space.name: {**dict(space.labels), ir.NAMESPACE_LABEL: space.name} for space in project.namespaces
        }
        for _ in range(10):
            name = (ir.Requirement(ir.NAMESPACE_LABEL, "In", (chosen.choice(tuple(labels)),)),)
            pods = ir.Pods(name if chosen.random() < 0.5 else some_selector(chosen), some_selector(chosen))
            found = existing.workloads_of(pods)
            assert set(found) == {
                item
                for item in existing.inventory.workloads
                if matches(pods.namespaces, labels[item.namespace]) and matches(pods.pods, dict(item.labels))
            }
            assert len(found) == len(set(found))
            sizes.add(len(found))
    assert {0, 1, 5} <= sizes


def test_operators_hold_as_the_api_says() -> None:
    chosen = random.Random(12)
    outcomes = set()
    for _ in range(3000):
        selector, labels = some_selector(chosen), some_labels(chosen)
        assert holds(selector, labels) == matches(selector, labels)
        outcomes.add(holds(selector, labels))
    assert outcomes == {True, False}


# --- A program that names Services and workloads is the program that names their labels and pod ports.

CLUSTERS = """clusters:
  prod: {podCIDRs: [100.64.0.0/14], nodeCIDRs: [192.168.64.0/19], serviceCIDR: 10.96.0.0/16}
  dev: {dataplane: dataplane-v2, podCIDRs: [10.20.0.0/16], nodeCIDRs: [10.10.0.0/22], dns: cloud-dns}
"""


def service_text(name: str, space: str, selector: str, spec: str) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {space}}}\n"
        f"spec:\n  selector: {{{selector}}}\n{spec}---\n"
    )


def workload_text(kind: str, name: str, space: str, ports: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {space}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n"
        f"    metadata: {{labels: {{app: {name}, release: r{len(name)}}}}}\n"
        f"    spec: {{containers: [{{name: main, ports: [{ports}]}}]}}\n---\n"
    )


def some_project(chosen: random.Random) -> tuple[str, str, str]:
    """Return manifests, and one program twice: by names, and by labels with pod ports."""
    manifests, ends = [], []
    for number in range(6):
        name, space = f"app-{number}", chosen.choice(("shop", "data"))
        kind = chosen.choice(("Deployment", "StatefulSet", "DaemonSet"))
        pod, front = 8000 + number, chosen.choice((80, 8000 + number))
        named = chosen.random() < 0.5
        manifests.append(
            workload_text(kind, name, space, f"{{name: http, containerPort: {pod}}}, {{containerPort: 9100}}")
        )
        policy = chosen.random() < 0.5
        spec = f"  type: NodePort\n  externalTrafficPolicy: {'Local' if policy else 'Cluster'}\n  ports:\n"
        target = "http" if named else str(pod)
        spec += f"    - {{name: web, port: {front}, targetPort: {target}, nodePort: {30000 + number}}}\n"
        manifests.append(service_text(f"svc-{number}", space, f"app: {name}", spec))
        ends.append(
            (
                f"{space}/{kind.lower()}/{name}",
                f"{space}[app={name}]",
                f"{space}/svc-{number}",
                pod,
                front,
                policy,
            )
        )
    by_name, by_label = [], []
    for _ in range(12):
        source, target_end = chosen.choice(ends), chosen.choice(ends)
        via = f" via nodeport {30000 + ends.index(target_end)}{' local' if target_end[5] else ''}  on prod"
        tail = via if chosen.random() < 0.3 else ""
        port = chosen.choice((str(target_end[4]), "web", "*"))
        if port == "*" and tail:
            port = "web"
        by_name.append(f"{source[0]} -> {target_end[2]}:{port}{tail}")
        by_label.append(f"{source[1]} -> {target_end[1]}:{target_end[3]}{tail}")
    closed = chosen.choice(ends)
    by_name.append(f"isolate {closed[2]} ingress")
    by_label.append(f"isolate {closed[1]} ingress")
    return "".join(manifests), "\n".join(by_name) + "\n", "\n".join(by_label) + "\n"


def applied(result: Result) -> dict[str, bytes]:
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return {item.path: item.content for item in result.artifacts if not item.path.endswith("provenance.json")}


@pytest.mark.parametrize("seed", range(25))
def test_names_and_labels_give_the_same_bytes(seed: int) -> None:
    manifests, by_name, by_label = some_project(random.Random(seed))
    project = f"version: 1\nmanifests: [m.yaml]\n{CLUSTERS}"
    named = compile_texts({"intentc.yaml": project, "m.yaml": manifests, "a.intent": by_name})
    labelled = compile_texts({"intentc.yaml": f"version: 1\n{CLUSTERS}", "a.intent": by_label})
    assert applied(named) == applied(labelled)
    assert applied(named)
    # With manifests beside them, labels mean what they meant without.
    both = compile_texts({"intentc.yaml": project, "m.yaml": manifests, "a.intent": by_label})
    assert applied(both) == applied(labelled)


def test_the_order_of_manifests_decides_nothing() -> None:
    chosen = random.Random(5)
    manifests, by_name, _ = some_project(chosen)
    documents = manifests.split("---\n")
    results = []
    for _ in range(3):
        chosen.shuffle(documents)
        project = "version: 1\nmanifests: [m.yaml]\n" + CLUSTERS
        results.append(
            applied(
                compile_texts(
                    {"intentc.yaml": project, "m.yaml": "---\n".join(documents), "a.intent": by_name}
                )
            )
        )
    assert results[0] == results[1] == results[2]


def test_looking_up_takes_time_in_proportion() -> None:
    def cost(count: int) -> float:
        manifests = "".join(
            workload_text("Deployment", f"app-{number}", "shop", "{containerPort: 80}")
            + service_text(f"svc-{number}", "shop", f"app: app-{number}", "  ports: [{port: 80}]\n")
            for number in range(count)
        )
        intents = "".join(
            f"shop/deployment/app-{number} -> shop/svc-{count - 1 - number}:80\n" for number in range(count)
        )
        start = time.process_time()
        result = compile_texts(
            {"intentc.yaml": "version: 1\nmanifests: [m.yaml]\n", "m.yaml": manifests, "a.intent": intents}
        )
        spent = time.process_time() - start
        assert not any(item.severity == "error" for item in result.diagnostics)
        return spent

    cost(20)
    assert min(cost(1200) for _ in range(2)) < 8 * min(cost(300) for _ in range(2)) + 0.2
