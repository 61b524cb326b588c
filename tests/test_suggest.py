"""What containers are configured with betrays whom they call, and is held against the intents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from intentc.answers.suggestions import Suggestions, suggest
from intentc.compiler import compile_texts
from intentc.manifests import read
from intentc.manifests.needs import needs

ROOT = Path(__file__).parent.parent
CORPORA = ROOT.parent / "shared" / "corpora"


def app(
    name: str,
    env: str = "",
    ports: str = "[{containerPort: 8080}]",
    extra: str = "",
    kind: str = "Deployment",
) -> str:
    return f"""apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
{extra}      containers:
        - {{name: main, ports: {ports}, env: [{env}]}}
---
"""


def service(
    name: str, spec: str = "ports: [{port: 80, targetPort: 8080}]", selector: str | None = None
) -> str:
    chosen = f"app: {name}" if selector is None else selector
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{{chosen}}}
  {spec}
---
"""


def env(name: str, value: str) -> str:
    return f"{{name: {name}, value: '{value}'}}"


FACTS = "{podCIDRs: [100.64.0.0/14], nodeCIDRs: [192.168.64.0/19], controlPlane: {cidr: 172.16.0.0/28}}"
PROJECT = f"version: 1\nmanifests: [manifests.yaml]\nclusters:\n  prod: {FACTS}\n"


def suggested(manifests: str, intents: str = "", project: str = PROJECT) -> Suggestions:
    result = compile_texts({"intentc.yaml": project, "manifests.yaml": manifests, "a.intent": intents})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return suggest(result)


def lines(found: Suggestions) -> list[str]:
    return [item.line for item in found.of("missing")]


WEB = app("web", env("ORDERS", "http://orders"))
ORDERS = app("orders") + service("orders")


def test_missing_breaks_where_an_end_is_isolated() -> None:
    (item,) = suggested(WEB + ORDERS).of("missing")
    assert (item.line, item.breaks, item.clusters) == (
        "shop/deployment/web -> shop/orders:80",
        False,
        ("prod",),
    )
    assert item.need.place.text == "orders"
    for isolated in ("isolate shop/deployment/web egress\n", "isolate shop/orders ingress\n"):
        assert suggested(WEB + ORDERS, isolated).of("missing")[0].breaks
    for isolated in ("isolate shop/deployment/web ingress\n", "isolate shop/orders egress\n"):
        assert not suggested(WEB + ORDERS, isolated).of("missing")[0].breaks


def test_correct_names_the_line_that_allows_it() -> None:
    for intent in (
        "shop/deployment/web -> shop/orders:80",
        "shop -> shop:8000-9000",
        "shop[app=web] -> shop[app in (orders, other)]:8080",
    ):
        (item,) = suggested(WEB + ORDERS, f"{intent}\n").needs
        assert item.state == "correct"
        assert [span.text for span in item.intents] == [intent]


@pytest.mark.parametrize(
    "intent",
    [
        "shop/deployment/web -> shop/deployment/orders:8081",
        "shop/deployment/web -> shop/deployment/orders:8080/udp",
        "shop/deployment/orders -> shop/orders:80",
        "shop/deployment/web -> shop/deployment/web:8080",
        "nodes -> shop/orders:80",
    ],
)
def test_what_is_near_a_need_does_not_allow_it(intent: str) -> None:
    (item,) = suggested(WEB + ORDERS, f"{intent}\n").needs
    assert item.state == "missing"


def test_all_pods_behind_a_service_must_be_reached() -> None:
    both = WEB + app("orders") + app("orders-b").replace("app: orders-b}", "app: orders-b, part: orders}")
    both = both.replace("{app: orders}}", "{app: orders, part: orders}}") + service(
        "orders", selector="part: orders"
    )
    (item,) = suggested(both, "shop/deployment/web -> shop[app=orders]:8080\n").needs
    assert item.state == "missing"
    (item,) = suggested(both, "shop/deployment/web -> shop[app=orders]:8080, shop[app=orders-b]:8080\n").needs
    assert item.state == "correct"


def test_a_line_says_on_which_clusters_it_is_missing() -> None:
    project = f"{PROJECT}  dev: {FACTS}\n"
    (item,) = suggested(WEB + ORDERS, "shop/deployment/web -> shop/orders:80  on dev\n", project).needs
    assert (item.state, item.line) == ("missing", "shop/deployment/web -> shop/orders:80  on prod")


def test_broken_is_what_no_intent_can_help() -> None:
    port = app("web", env("A", "http://orders:81")) + ORDERS
    none = WEB + service("orders")
    outside = WEB + service("orders", selector="").replace("selector: {}\n  ", "")
    for text, reason in ((port, "no such port"), (none, "selects no pods"), (outside, "leads to no pods")):
        (item,) = suggested(text).needs
        assert (item.state, item.line) == ("broken", "")
        assert reason in item.reason


def test_a_number_behind_a_word_is_a_port_only_where_the_service_has_it() -> None:
    assert suggested(app("web", env("SCRIPT", "orders 10; orders 99")) + ORDERS).needs == ()
    assert lines(suggested(app("web", env("SCRIPT", "nc -z orders 80")) + ORDERS)) == [
        "shop/deployment/web -> shop/orders:80"
    ]


def test_unused_is_a_flow_without_a_reason() -> None:
    found = suggested(
        WEB + ORDERS,
        "shop/deployment/web -> shop/orders:80\n"
        "shop/deployment/orders -> shop/deployment/web:8080\n"
        "nodes -> shop/orders:80\n"
        "shop/deployment/web -> data:5432\n",
    )
    assert [(item.text, str(item.place)) for item in found.unused] == [
        ("shop[app=orders] -> shop[app=web]:8080", "a.intent:2:1")
    ]


def test_unprotected_is_said_by_direction() -> None:
    found = suggested(WEB + ORDERS, "shop/deployment/web -> shop/orders:80\n")
    assert [(item.workload.path, item.directions) for item in found.unprotected] == [
        ("shop/deployment/orders", ("egress",)),
        ("shop/deployment/web", ("ingress",)),
    ]
    assert suggested(WEB + ORDERS, "isolate shop\n").unprotected == ()


def test_a_workload_that_knows_its_own_name_calls_nobody() -> None:
    own = app("orders", env("ADVERTISED_URL", "http://orders")) + service("orders")
    assert suggested(own).needs == ()
    peers = app("db", env("PEERS", "db-0.db,db-1.db"), kind="StatefulSet")
    peers += service("db", "clusterIP: None\n  ports: [{port: 8080}]")
    assert lines(suggested(peers)) == ["shop/statefulset/db -> shop/db:8080"]


def test_ports_come_from_the_text_the_scheme_the_variable_beside_or_the_only_one() -> None:
    two = "ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 9090, targetPort: 8080}]"
    three = two.replace("name: metrics", "name: grpc")
    for variables, ports, expected in (
        (env("A", "orders:9090"), two, [9090]),
        (env("A", "http://orders"), three, [80]),
        (f"{env('ORDERS_HOST', 'orders')}, {env('ORDERS_PORT', '9090')}", three, [9090]),
        (env("ORDERS_HOST", "orders"), two, [80]),
        (env("ORDERS_HOST", "orders"), three, [80, 9090]),
        (env("ORDERS_HOST", "orders"), "ports: [{port: 5000, targetPort: 8080}]", [5000]),
    ):
        found = suggested(app("web", variables) + app("orders") + service("orders", ports))
        assert lines(found) == [f"shop/deployment/web -> shop/orders:{port}" for port in expected]


def test_config_maps_speak_for_the_pods_that_read_them() -> None:
    config = """apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  ORDERS_ADDR: orders:80
  nginx.conf: |
    # licence at http://www.example.org
    location / { proxy_pass http://cart; }
---
"""
    services = ORDERS + app("cart") + service("cart")
    whole = "[{configMapRef: {name: settings}}]"
    reading_all = app("a").replace("env: []", f"envFrom: {whole}")
    reading_one = app("b").replace(
        "env: []", "env: [{name: X, valueFrom: {configMapKeyRef: {name: settings, key: ORDERS_ADDR}}}]"
    )
    mounting = app(
        "c",
        extra="      volumes:\n"
        "        - {name: v, configMap: {name: settings, items: [{key: nginx.conf, path: x}]}}\n",
    )
    found = suggested(config + services + reading_all + reading_one + mounting + app("d"))
    assert sorted(lines(found)) == [
        "shop/deployment/a -> shop/cart:80",
        "shop/deployment/a -> shop/orders:80",
        "shop/deployment/b -> shop/orders:80",
        "shop/deployment/c -> shop/cart:80",
    ]
    assert found.strangers == ()


INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  CLASSrules:
    - http: {paths: [{backend: {service: {name: orders, port: {number: 80}}}}]}
---
"""


def test_ways_in() -> None:
    assert lines(suggested(ORDERS + INGRESS.replace("CLASS", ""))) == [
        "google-health-checks -> shop/orders:80"
    ]
    nginx = INGRESS.replace("CLASS", "ingressClassName: nginx\n  ")
    (item,) = suggested(ORDERS + nginx).needs
    assert (item.state, item.line) == ("missing", "")
    controller = app("controller").replace("namespace: shop", "namespace: ingress-nginx")
    assert lines(suggested(ORDERS + nginx + controller)) == ["ingress-nginx -> shop/orders:80"]
    assert suggested(ORDERS + nginx + controller, "ingress-nginx -> shop/orders:80\n").of("correct")
    webhook = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: [{name: a.b.c, clientConfig: {service: {namespace: shop, name: orders, port: 80}}}]
---
"""
    assert lines(suggested(ORDERS + webhook)) == ["control-plane -> shop/orders:80"]
    (item,) = suggested(ORDERS + webhook, project="version: 1\nmanifests: [manifests.yaml]\n").needs
    assert (item.line, "controlPlane.cidr" in item.reason) == ("", True)
    route = """apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec: {rules: [{backendRefs: [{name: orders, port: 80}]}]}
---
"""
    assert lines(suggested(ORDERS + route)) == ["google-health-checks -> shop/orders:80"]
    balancer = app("orders") + service(
        "orders",
        "type: LoadBalancer\n  externalTrafficPolicy: Local\n  loadBalancerSourceRanges: [203.0.113.0/24]\n"
        "  ports: [{port: 80, targetPort: 8080}]",
    )
    assert lines(suggested(balancer)) == ["203.0.113.0/24 -> shop/orders:80 via loadbalancer 80 local"]


def test_host_network_is_reached_and_left_by_the_nodes() -> None:
    on_node = "      hostNetwork: true\n"
    assert lines(suggested(app("web", env("ORDERS", "http://orders"), extra=on_node) + ORDERS)) == [
        "nodes -> shop/orders:80"
    ]
    assert lines(suggested(WEB + app("orders", extra=on_node) + service("orders"))) == [
        "shop/deployment/web -> shop/orders:80 via hostnetwork"
    ]


def test_strangers_are_missing_or_outside() -> None:
    variables = ", ".join(
        (
            env("A_URL", "https://api.example.com"),
            env("B_ADDR", "nowhere:80"),
            env("C", "x.y.svc.cluster.local"),
            env("D_HOST", "localhost"),
            env("E_HOST", "10.0.0.1"),
            env("F", "golang:1"),
        )
    )
    found = suggested(app("web", variables))
    assert [(item.host, item.port, item.where) for item in found.strangers] == [
        ("api.example.com", 443, "outside"),
        ("nowhere", 80, "missing"),
        ("x.y.svc.cluster.local", 0, "missing"),
    ]


def test_every_suggested_line_builds() -> None:
    """The lines of all kinds at once, and one of a kind of workload that has no word in the language."""
    replicas = (
        WEB.replace("Deployment", "ReplicaSet")
        .replace("name: web,", "name: old,")
        .replace("app: web", "app: old")
    )
    text = WEB + ORDERS + replicas + INGRESS.replace("CLASS", "")
    found = lines(suggested(text))
    assert len(found) == 3
    assert "shop[app=old] -> shop/orders:80" in found
    again = suggested(text, "\n".join(found) + "\n")
    assert (len(again.of("correct")), again.of("missing"), again.unused) == (3, (), ())


# --- Real applications: who calls whom according to their authors, so far as manifests can show it.

BOUTIQUE = {
    *(("checkoutservice", name) for name in ("productcatalogservice", "shippingservice", "paymentservice")),
    *(("checkoutservice", name) for name in ("emailservice", "currencyservice", "cartservice")),
    *(
        ("frontend", name)
        for name in ("productcatalogservice", "currencyservice", "cartservice", "adservice")
    ),
    *(("frontend", name) for name in ("recommendationservice", "shippingservice", "checkoutservice")),
    ("recommendationservice", "productcatalogservice"),
    ("cartservice", "redis-cart"),
    ("loadgenerator", "frontend"),
}
GUESTBOOK = {("frontend", "redis-leader"), ("frontend", "redis-follower"), ("redis-follower", "redis-leader")}
SOCKSHOP = {("carts", "carts-db"), ("orders", "carts"), ("user", "user-db")}


def edges(folder: Path, namespace: str = "default") -> set[tuple[str, str]]:
    files = sorted(path for path in folder.iterdir() if re.fullmatch(r".*\.ya?ml", path.name))
    inventory, diagnostics = read((path.name, path.read_bytes(), namespace) for path in files)
    assert diagnostics == ()
    found, _ = needs(inventory)
    # A source that is no workload is a way in; a need without a port is broken.
    return {
        (need.source.name, need.service.name)
        for need in found
        if need.port is not None and hasattr(need.source, "path") and need.source in inventory.workloads
    }


def test_the_example_of_this_project() -> None:
    assert edges(ROOT / "examples" / "boutique" / "manifests", "boutique") == BOUTIQUE


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the public manifests are not here")
@pytest.mark.parametrize(
    ("folder", "expected"),
    [("boutique", BOUTIQUE), ("guestbook", GUESTBOOK), ("sockshop/manifests", SOCKSHOP)],
)
def test_public_applications(folder: str, expected: set[tuple[str, str]]) -> None:
    assert edges(CORPORA / folder) == expected
