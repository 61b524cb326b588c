"""Manifests are read as Kubernetes reads them, and a hostile one can only be refused."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
import yaml

from intentc.diagnostics import Diagnostic
from intentc.inventory import Condition, Inventory
from intentc.manifests import MAXIMUM_PROBLEMS, read
from intentc.output.text import render

EXAMPLES = Path(__file__).parent.parent / "examples" / "boutique" / "manifests"
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: main, ports: [{containerPort: 8080}]}]
"""


def reading(text: str | bytes, namespace: str = "default") -> tuple[Inventory, tuple[Diagnostic, ...]]:
    data = text if isinstance(text, bytes) else text.encode()
    return read([("k8s.yaml", data, namespace)])


def found(text: str | bytes, namespace: str = "default") -> Inventory:
    inventory, diagnostics = reading(text, namespace)
    assert diagnostics == (), render(diagnostics)
    assert not inventory.partial
    return inventory


def refused(text: str | bytes) -> Diagnostic:
    inventory, diagnostics = reading(text)
    assert inventory.partial
    (only,) = diagnostics
    return only


def workload(kind: str, api: str, before: str = "", after: str = "") -> str:
    return f"""apiVersion: {api}
kind: {kind}
metadata: {{name: web, namespace: shop}}
spec:
{before}  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers: [{{name: main, ports: [{{containerPort: 8080, name: http}}]}}]
{after}"""


SELECTOR = "  selector: {matchLabels: {app: web}}\n"


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"])
def test_kinds_that_select_their_pods(kind: str) -> None:
    (item,) = found(workload(kind, "apps/v1", SELECTOR)).workloads
    assert item.path == f"shop/{kind.lower()}/web"
    assert item.labels == (("app", "web"),)
    assert item.selector == (Condition("app", "In", ("web",)),)
    assert [(port.number, port.name, port.protocol) for port in item.ports] == [(8080, "http", "TCP")]
    assert item.span.text == "web"


def test_kinds_that_select_nothing() -> None:
    job = workload("Job", "batch/v1")
    cron = """apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate: {spec: {template: {metadata: {labels: {job: nightly}}, spec: {containers: []}}}}
"""
    inventory = found(f"{job}---\n{cron}---\n{POD}", "ops")
    assert [(item.path, item.selector) for item in inventory.workloads] == [
        ("ops/cronjob/nightly", ()),
        ("shop/job/web", ()),
        ("shop/pod/web", ()),
    ]


def test_a_replication_controller_selects_by_plain_labels() -> None:
    (item,) = found(workload("ReplicationController", "v1", "  selector: {app: web}\n")).workloads
    assert item.selector == (Condition("app", "In", ("web",)),)


def test_match_expressions_are_requirements() -> None:
    text = workload(
        "Deployment",
        "apps/v1",
        "  selector:\n    matchLabels: {app: web}\n    matchExpressions:\n"
        "      - {key: track, operator: NotIn, values: [canary, beta]}\n"
        "      - {key: app, operator: Exists}\n",
    )
    (item,) = found(text).workloads
    assert item.selector == (
        Condition("app", "Exists"),
        Condition("app", "In", ("web",)),
        Condition("track", "NotIn", ("beta", "canary")),
    )


def test_every_fact_of_a_service() -> None:
    text = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  loadBalancerSourceRanges: [203.0.113.0/24, 198.51.100.0/24, 203.0.113.0/24]
  clusterIP: None
  selector: {tier: front, app: web}
  ports:
    - {name: metrics, port: 9090}
    - {name: https, port: 443, targetPort: tls, nodePort: 30443}
    - {name: dns, port: 53, targetPort: 5353, protocol: UDP}
"""
    (item,) = found(text).services
    assert (item.type, item.local, item.headless) == ("LoadBalancer", True, True)
    assert item.selector == (("app", "web"), ("tier", "front"))
    assert item.source_ranges == ("198.51.100.0/24", "203.0.113.0/24")
    assert [(port.number, port.protocol, port.name, port.target, port.node_port) for port in item.ports] == [
        (53, "UDP", "dns", 5353, 0),
        (443, "TCP", "https", "tls", 30443),
        (9090, "TCP", "metrics", 9090, 0),
    ]


def test_host_network_and_host_ports() -> None:
    text = POD.replace("spec:\n", "spec:\n  hostNetwork: true\n").replace("8080}", "8080, hostPort: 18080}")
    (item,) = found(text).workloads
    assert item.host_network is not None
    assert item.host_network.text == "true"
    assert [port.host_port for port in item.ports] == [18080]
    (plain,) = found(text.replace("true", "false")).workloads
    assert plain.host_network is None


def test_ports_of_sidecars_count_and_those_of_setting_up_do_not() -> None:
    text = POD + (
        "  initContainers:\n"
        "    - {name: once, ports: [{containerPort: 1}]}\n"
        "    - {name: proxy, restartPolicy: Always, ports: [{containerPort: 15001}]}\n"
    )
    (item,) = found(text).workloads
    assert [port.number for port in item.ports] == [8080, 15001]


def test_json_lists_and_lists_in_lists() -> None:
    objects = [yaml.safe_load(SERVICE), yaml.safe_load(POD)]
    inner = {"apiVersion": "v1", "kind": "List", "items": objects[1:]}
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [objects[0], inner]}, indent=1)
    inventory = found(text)
    assert (len(inventory.services), len(inventory.workloads)) == (1, 1)
    text = json.dumps({"apiVersion": "v1", "kind": "ServiceList", "items": objects[:1]})
    assert len(found(text).services) == 1


def test_documents_are_cut_as_yaml_cuts_them() -> None:
    text = f"%YAML 1.1\n---\n{SERVICE}--- # and\n{POD}\n---\n---\n...\n"
    inventory = found(text)
    assert (len(inventory.services), len(inventory.workloads)) == (1, 1)
    block = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ---\n    kind: Service\n"
    )
    assert found(block).services == ()


def test_line_ends_and_a_byte_order_mark() -> None:
    (item,) = found(b"\xef\xbb\xbf" + SERVICE.replace("\n", "\r\n").encode()).services
    assert str(item.span) == "k8s.yaml:3:18"


@pytest.mark.parametrize(
    "text",
    [
        SERVICE.replace("v1", "serving.knative.dev/v1"),
        SERVICE.replace("v1", "V1"),
        SERVICE.replace("v1", "v1/v1/v1"),
        SERVICE.replace("apiVersion: v1\n", ""),
        SERVICE.replace("Service", "service"),
        SERVICE.replace("Service", "ServiceEntry"),
        SERVICE.replace("kind: Service", "kind: [Service]"),
        workload("Deployment", "example.com/v1", SELECTOR),
        workload("Deployment", "v1", SELECTOR),
        "kind: Kustomization\nresources: [a.yaml]\n",
        "a: &x [1]\nb: *x\n",
        "just a text\n",
        "",
        "# kind: Service\n",
    ],
)
def test_what_only_looks_like_an_object_is_none(text: str) -> None:
    assert found(text) == Inventory()


def test_the_first_namespace_is_its_own_then_that_of_the_entry() -> None:
    text = SERVICE + "---\n" + SERVICE.replace(", namespace: shop", "")
    assert [item.namespace for item in found(text, "billing").services] == ["billing", "shop"]


def test_faults_are_reported_once_each_and_the_rest_is_read() -> None:
    bad = SERVICE.replace("port: 80,", "port: 0,")
    worse = SERVICE.replace("  selector:", " selector:")
    inventory, diagnostics = reading(f"{bad}---\n{POD}---\n{worse}")
    assert [item.code for item in diagnostics] == ["E804", "E801"]
    assert inventory.partial
    assert [item.path for item in inventory.workloads] == ["shop/pod/web"]


def test_reading_stops_at_many_faults() -> None:
    _, diagnostics = reading(
        "---\n".join([SERVICE.replace("port: 80,", "port: 0,")] * (MAXIMUM_PROBLEMS + 50))
    )
    assert len(diagnostics) == MAXIMUM_PROBLEMS


@pytest.mark.parametrize(
    "number", ["0", "-1", "65536", "1e3", "0x50", "08080", "8_0", "٣", "80.0", "'80'", "[80]"]
)
def test_what_is_no_port_is_refused(number: str) -> None:
    diagnostic = refused(SERVICE.replace("port: 80,", f"port: {number},"))
    assert diagnostic.code == "E804"
    assert diagnostic.span is not None
    assert diagnostic.span.text in (number, number + ",")


@pytest.mark.parametrize(
    "name",
    ["Web", "we_b", "-web", "web-", "w" * 254, '"we\\nb"', '"web\\e[31m"', "'a b'", "wéb", "[web]", "{a: b}"],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    diagnostic = refused(SERVICE.replace("name: web", f"name: {name}"))
    assert diagnostic.code == "E804"
    text = render((diagnostic,))
    assert "\x1b" not in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)


# What a file in a pull request may hold to make a build wait, fall over, or believe what is not so.


def bomb() -> str:
    lines = ["apiVersion: v1", "kind: Service", "a: &a0 [x, x]"]
    lines += [f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 40)]
    return "\n".join(lines) + "\n"


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "alias bomb": (bomb(), "E803"),
    "recursive alias": (SERVICE + "  x: &x [*x]\n", "E803"),
    "merge of itself": (SERVICE + "  x: &x {<<: *x}\n", "E803"),
    "python object": (SERVICE + "  x: !!python/object/apply:os.system [id]\n", "E803"),
    "brackets": (SERVICE + "  x: " + "[" * 100_000 + "\n", "E801"),
    "braces": (SERVICE + "  x: " + "{a: " * 100_000 + "\n", "E801"),
    "open quote": (SERVICE + '  x: "' + "a" * 1_000_000 + "\n", "E801"),
    "nul": (SERVICE + "  x: \x00\n", "E801"),
    "escape": (SERVICE + "  x: \x1b[31m\n", "E801"),
    "lone surrogate": (SERVICE.encode() + b"  x: \xed\xa0\x80\n", "E801"),
    "utf-16": (SERVICE.encode("utf-16"), "E801"),
    "selector twice": (SERVICE + "  selector: {app: db}\n", "E803"),
    "template": ("{{- range .Values.all }}\n" + SERVICE + "{{- end }}\n", "E802"),
    "huge number": (SERVICE.replace("8080", "9" * 5000), "E804"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_threat_manifest(name: str) -> None:
    text, code = HOSTILE[name]
    start = time.perf_counter()
    assert refused(text).code == code
    assert time.perf_counter() - start < 5


def test_threat_manifest_of_more_values_than_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{SERVICE}  x: [{'a, ' * 1000}a]\n"
    assert found(text).services
    monkeypatch.setattr("intentc.manifests.tree.MAXIMUM_VALUES", 1000)
    diagnostic = refused(text)
    assert (diagnostic.code, "1,000 values" in diagnostic.message) == ("E801", True)
    assert found(f"{SERVICE}---\n" * 80).services


def test_a_thousand_keys_of_one_name_and_long_texts_take_linear_time() -> None:
    def cost(count: int) -> float:
        text = "---\n".join(
            SERVICE.replace("web", f"web-{number}") + f"# {'x' * 100}\n" for number in range(count)
        )
        start = time.process_time()
        assert len(found(text).services) == count
        return time.process_time() - start

    cost(50)
    assert min(cost(2000) for _ in range(2)) < 6 * min(cost(500) for _ in range(2)) + 0.1


def test_mutations_of_manifests_never_raise_and_point_into_the_file() -> None:
    chosen = random.Random(20261123)
    texts = [path.read_bytes() for path in sorted(EXAMPLES.iterdir())]
    pieces = [
        b"{{",
        b"&a ",
        b"*a",
        b"\n---\n",
        b": ",
        b"- ",
        b"[",
        b"}",
        b'"',
        b"\t",
        b"\x00",
        b"\xff",
        b"null",
        b"|",
    ]
    codes = set()
    for _ in range(1500):
        data = bytearray(chosen.choice(texts))
        for _ in range(chosen.randint(1, 4)):
            place = chosen.randrange(len(data))
            if chosen.random() < 0.3:
                del data[place : place + chosen.randint(1, 12)]
            else:
                data[place:place] = chosen.choice(pieces)
        _, diagnostics = reading(bytes(data))
        render(diagnostics)
        for item in diagnostics:
            codes.add(item.code)
            assert item.span is not None
            assert 0 <= item.span.start <= item.span.end <= len(item.span.file.text)
    assert codes >= {"E801", "E802", "E803", "E804"}
