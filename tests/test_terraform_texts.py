"""A text that somebody wrote is a value in the module, and never more than that."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from intentc.backends.hcl import quote
from intentc.backends.terraform import DESCRIPTION_LENGTH
from intentc.ir import NO_CLAUSES, Clauses, Origin
from intentc.profile import Firewall, Profile
from intentc.source import SourceFile, Span
from tests.firewall_modules import (
    BALANCER,
    PARTNERS,
    PODS,
    firewall_rules,
    literal,
    module,
    opens,
    origin,
    tcp,
)
from tests.tools import hcl

HOSTILE = [
    '${file("/etc/passwd")}',
    "$${x} $$${x} %{ if true }x%{ endif } %%{x}",
    '"\n}\nresource "x" "y" {}',
    "\\",
    "\\${x}",
    "{{ 7*7 }} {% raw %} {# #}",
    "<<EOT\n# // /* */",
    "a\tb\rc\x00d\x1be\x7f\x85\u2028\u202e\ufeff",
    "naïve 中文 😀 e\u0301",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("clause", ["because", "owner", "ticket"])
def test_a_text_changes_its_description_and_nothing_else(clause: str, text: str) -> None:
    plain, hostile = (
        firewall_rules(
            module(opens(PODS, tcp(8443), by=(origin(said=NO_CLAUSES._replace(**{clause: said})),)))
        )
        for said in ("plain", text)
    )
    ((label, rule),) = hostile.items()
    description = rule.pop("description")
    assert re.fullmatch(r"[ -~]+", description)
    shown = re.sub(r"[^ -~]", lambda found: ascii(found[0])[1:-1], " ".join(text.split()))
    assert description == f"From pods to nodes: direct connections | {clause}: {shown}"
    assert plain[label].pop("description")
    assert {label: rule} == plain


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_the_profile_is_only_ever_a_value(text: str) -> None:
    profile = Profile(name=text, firewall=Firewall(project=text, network=text, target_tags=(text,)))
    (rule,) = firewall_rules(module(opens(PODS, tcp(1)), profile)).values()
    composed = unicodedata.normalize("NFC", text)
    assert (rule["project"], rule["network"], rule["target_tags"]) == (composed, composed, [composed])


@settings(max_examples=300, deadline=None)
@given(some.text(some.characters(exclude_categories=["Cs"]) | some.sampled_from('${%{"\\\n'), max_size=40))
def test_a_quoted_text_reads_back_as_itself(text: str) -> None:
    quoted = quote(text)
    assert quoted.isprintable()
    assert literal(hcl.parse_hcl(f"value = {quoted}\n"))["value"] == unicodedata.normalize("NFC", text)


def test_a_quoted_text_stays_readable() -> None:
    assert quote("naïve 中文 😀") == '"naïve 中文 😀"'
    assert quote("\u2028\U000e0001") == r'"\U00002028\U000e0001"'


def test_a_description_lists_each_text_once_and_is_cut_to_length() -> None:
    many = tuple(origin(said=Clauses(f"reason {number:04}", "team")) for number in range(3000))
    (rule,) = firewall_rules(module(opens(PODS, tcp(1), by=many) + opens(PODS, tcp(2), by=many))).values()
    assert len(rule["description"]) == DESCRIPTION_LENGTH == 2000
    head = "From pods to nodes: direct connections | owner: team | because: reason 0000; reason 0001; "
    assert rule["description"].startswith(head)
    assert rule["description"].endswith("...")


def test_a_description_names_neither_files_nor_lines() -> None:
    somewhere = Span(SourceFile("team/shop.intent", "\n" * 7 + "a -> b:1"), 7, 15)
    assert module(opens(PODS, tcp(1), by=(origin(span=somewhere),))) == module(
        opens(PODS, tcp(1), by=(origin(),))
    )


def test_a_description_tells_the_kind_of_traffic() -> None:
    kinds = (
        *(origin(kind=kind) for kind in ("direct", "hostport", "hostnetwork", "loadbalancer")),
        *(origin("node", "nodeport"), origin("dns"), origin("metadata"), Origin("intent", ())),
    )
    (rule,) = firewall_rules(module(opens(PARTNERS, tcp(1), target=BALANCER, by=kinds))).values()
    assert rule["description"] == (
        "From 203.0.113.0/24 to nodes at 198.51.100.7/32: direct connections; hostNetwork; hostPort; "
        "load balancer; metadata server; name resolution; nodePort"
    )
