"""Text made of a flow is read back as the same flow, whatever the flow."""

from __future__ import annotations

import pytest

from intentc.compiler import compile_texts
from intentc.ir import Flow
from intentc.wording import endpoint_text, flow_text, said
from tests.model.programs import any_program
from tests.model.wording import files
from tests.readback import CLUSTER

LINES = (
    "shop -> data:5432",
    "shop[app=web] -> data[app=postgres, !legacy, role in (ro, rw), tier!=replica, x notin (y, z)]:5432",
    "*[app=web] -> data:*",
    "{team=payments}[app=web] -> data:80, 9093-9099, 53/udp, metrics, a-1/tcp, 90-x/sctp",
    "{kubernetes.io/metadata.name=nodes} -> {kubernetes.io/metadata.name=let}:80",
    "{kubernetes.io/metadata.name=google-iap} -> on:80",
    "203.0.113.0/24 -> data:80 via nodeport 30443 local",
    "203.0.113.7 -> data:80 via loadbalancer 443",
    "198.18.0.0/15 except 198.18.1.0/24, 198.19.3.4 -> data:80",
    "shop -> 198.18.0.0/15 except 198.18.1.0/24, 198.19.3.4:80",
    "shop -> 2001:db8::1/128:80",
    "2001:db8::1 -> shop:80",
    "shop -> 2001:db8::/32 except 2001:db8::1/128:443",
    "shop -> data:80 via hostport 18443",
    "shop -> data:80 via hostnetwork",
    "nodes -> data:80",
    "shop -> nodes:80",
    "shop -> internet:443",
    "google-health-checks -> shop:80",
    "shop -> control-plane:443",
)
MANAGED = CLUSTER.replace("mode: explicit", "mode: gke-managed")
SPACES = "{data: {team: payments}, shop: {}, 'on': {}, nodes: {}, let: {}, google-iap: {}}"
PROFILE = f"{MANAGED}namespaces: {SPACES}\n"


def flows(text: str) -> tuple[Flow, ...]:
    result = compile_texts({"intentc.yaml": PROFILE, "a.intent": f"{text}\n"})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return result.clusters[0].policy.flows


@pytest.mark.parametrize("line", LINES)
def test_a_flow_is_read_back(line: str) -> None:
    (flow,) = flows(line)
    assert flows(flow_text(flow)) == (flow,)


def test_random_flows_are_read_back() -> None:
    seen = set()
    for seed in range(60):
        texts = files(any_program(seed))
        for cluster in compile_texts(texts).clusters:
            for flow in cluster.policy.flows:
                alone = {"intentc.yaml": texts["intentc.yaml"], "a.intent": flow_text(flow)}
                again = compile_texts(alone).clusters
                own = next(item for item in again if item.profile.name == cluster.profile.name)
                (found,) = own.policy.flows
                assert (found.source, found.target, found.ports, found.path) == (
                    flow.source,
                    flow.target,
                    flow.ports,
                    flow.path,
                )
                seen.add((type(flow.source), type(flow.target), flow.path.kind))
    assert len(seen) >= 6


def test_a_statement_is_said_on_one_line_without_comments() -> None:
    first, _ = flows("shop -> data:80,  # the web\n  on:81   # more")
    assert said(first.span) == "shop -> data:80, on:81"


def test_an_end_without_ranges_is_called_by_its_word() -> None:
    (flow,) = flows("nodes -> data:80")
    assert endpoint_text(flow.source) == "nodes"
