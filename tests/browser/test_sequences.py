"""Mermaid itself draws what `intentc why --format mermaid` prints: every layer and every address."""

from __future__ import annotations

from typing import Any

import pytest

from intentc.answers.why.diagram import mermaid
from tests.browser.driver import ask
from tests.readback import CLUSTER
from tests.test_why import answer

INTENTS = (
    "a -> b[app=x]:8443",
    "a -> b:8443 via nodeport 30443",
    "a -> b:8443 via nodeport 30443 local",
    "a -> b:8443 via hostport 18443",
    "a -> b:9100 via hostnetwork",
    "203.0.113.0/24 -> b:8443 via loadbalancer 443",
    "google-health-checks -> b:8443",
    "control-plane -> b:9443",
    "nodes -> b:8443",
    "a -> control-plane:443",
    "a -> internet:443",
    "2001:db8::/32 -> b:http via nodeport 30443",
    "{team in (a, b), !x}[app!=y, z] -> {kubernetes.io/metadata.name=nodes}:53/udp, 1-9",
)


def drawn(text: str) -> dict[str, Any]:
    found = ask("mermaid", text=text)
    if "error" in found:
        pytest.fail(f"{found['error']}\n{text}", pytrace=False)
    seen: dict[str, Any] = found["seen"]
    return seen


@pytest.mark.parametrize("intent", INTENTS)
def test_mermaid_draws_every_layer_with_its_addresses(intent: str) -> None:
    project = CLUSTER.replace("explicit", "gke-managed")
    project += "namespaces: {b: {}, a: {team: a}, nodes: {}}\n"
    found = answer(f"{intent}\n", intent, project)
    seen = drawn(mermaid(found))
    said = "\n".join(seen["actors"])
    for way in found.ways:
        for place in way.walk.places:
            assert place.name in seen["actors"]
            assert place.address in said
    shown = "\n".join(seen["messages"])
    for way in found.ways:
        for hop in way.walk.hops[: len(way.layers)]:
            packet = hop.packet
            source = f"{packet.source.name} {packet.source.address}".rstrip()
            target = f"{packet.target.name} {packet.target.address}".rstrip()
            assert f"{source} → {target}:{packet.port}" in shown
    assert seen["crossed"] == seen["markup"] == 0


def test_what_is_refused_ends_in_a_cross() -> None:
    found = answer("isolate a\n", "a -> b:80")
    seen = drawn(mermaid(found))
    assert seen["crossed"] == 2  # across nodes and on one
    assert "refused" in seen["messages"]
    assert "ingress policy" not in seen["messages"]


def test_texts_are_shown_as_they_are() -> None:
    question = "{team in (a, b), !x}[app!=y, z] -> b:80"
    seen = drawn(mermaid(answer("isolate c\n", question)))
    assert "{team in (a, b), !x}[app!=y, z]" in seen["actors"]


def test_broken_diagrams_are_not_drawn() -> None:
    assert "error" in ask("mermaid", text="sequenceDiagram\n  A->>")
