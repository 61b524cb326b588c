"""The ranges a word stands for are derived by the prover as well: whichever side errs, it is a difference."""

from __future__ import annotations

import pytest

from intentc.analysis import endpoints
from intentc.compiler import compile_texts
from intentc.profile import Profile

CLUSTER = """version: 1
clusters:
  prod:
    podCIDRs: [100.64.0.0/14, 2001:db9:1::/48]
    nodeCIDRs: [192.168.64.0/19, 203.0.113.0/24]
    serviceCIDR: 34.118.224.0/20
    controlPlane: {endpoint: 35.1.2.3, cidr: 172.16.0.0/28}
    firewall: {mode: egress-deny, project: net-prod, network: vpc-prod, targetTags: [gke-prod-node]}
"""
WORDS = """a -> internet:443
internet -> b[app=x]:443 via nodeport 30443
google-health-checks, google-iap -> b[app=y]:8080
a -> google-apis-private:444
a -> google-apis-restricted:444
"""


def found() -> set[str]:
    files = {"intentc.yaml": CLUSTER, "a.intent": WORDS}
    return {item.code for item in compile_texts(files).diagnostics if item.severity == "error"}


def test_both_sides_agree() -> None:
    assert found() == set()
    without_facts = {"a.intent": WORDS.replace(" via nodeport 30443", "")}
    assert not any(item.severity == "error" for item in compile_texts(without_facts).diagnostics)


@pytest.mark.parametrize("left_out", endpoints._NOT_INTERNET)
def test_internet_that_holds_more_is_stopped(monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    kept = tuple(cidr for cidr in endpoints._NOT_INTERNET if cidr != left_out)
    monkeypatch.setattr(endpoints, "_NOT_INTERNET", kept)
    assert found() == {"E901"}


@pytest.mark.parametrize("fact", endpoints._cluster_ranges(Profile()))
def test_internet_that_holds_the_cluster_is_stopped(monkeypatch: pytest.MonkeyPatch, fact: str) -> None:
    known = endpoints._cluster_ranges
    monkeypatch.setattr(endpoints, "_cluster_ranges", lambda profile: {**known(profile), fact: ()})
    assert found() == {"E901"}


def test_internet_that_holds_less_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "_NOT_INTERNET", (*endpoints._NOT_INTERNET, "8.8.8.0/24"))
    assert found() == {"E902"}


@pytest.mark.parametrize("word", endpoints.GOOGLE_RANGES)
def test_other_ranges_than_google_s_are_stopped(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setitem(endpoints.GOOGLE_RANGES, word, ("35.0.0.0/29",))
    assert found() == {"E901", "E902"}
