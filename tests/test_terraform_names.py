"""Names last and are legal; firewall rules too large for the platform are split without loss."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from intentc.ir import Addresses, Block, Clauses, Rule
from intentc.profile import Profile
from tests.firewall_modules import (
    BALANCER,
    NODES,
    PARTNERS,
    PODS,
    PROFILE,
    UNKNOWN_PODS,
    firewall_rules,
    leaves,
    module,
    opens,
    origin,
    tcp,
    udp,
)

# --- Names ------------------------------------------------------------------------------------------------


def names(rules: list[Rule], profile: Profile = PROFILE) -> list[str]:
    return [rule["name"] for rule in firewall_rules(module(rules, profile)).values()]


def test_a_name_does_not_depend_on_ports_or_on_other_rules() -> None:
    alone = names(opens(PODS, tcp(8443)))
    assert names(opens(PODS, tcp(443), udp(9999), tcp(8443), by=(origin(said=Clauses("new")),))) == alone
    assert set(alone) < set(names(opens(PODS, tcp(8443)) + opens(NODES, tcp(1)) + leaves(PODS, tcp(8443))))


def test_a_name_does_not_depend_on_the_ranges_behind_a_word_of_the_profile() -> None:
    wider = Profile(name="prod", pod_cidrs=("100.64.0.0/14", "10.8.0.0/14"), firewall=PROFILE.firewall)
    pods = Addresses("pods", (Block("10.8.0.0/14"), Block("100.64.0.0/14")))
    unknown = Profile(name="prod")
    assert names(opens(PODS, tcp(1))) == names(opens(pods, tcp(1)), wider)
    assert names(opens(PODS, tcp(1))) == names(opens(UNKNOWN_PODS, tcp(1)), unknown)
    assert names(opens(PARTNERS, tcp(1))) != names(opens(BALANCER, tcp(1)))


@pytest.mark.parametrize("cluster", ["prod", "no", "0", "x" * 63, "Prod_EU.1", "集群", "a" * 19 + "-b"])
def test_names_and_labels_are_legal_whatever_the_cluster_is_called(cluster: str) -> None:
    long = Addresses("cidr", (Block("2001:db8:1111:2222:3333:4444:5555:6666/128"),))
    far = Addresses("cidr", (Block("2001:db8:7777:7777:7777:7777:7777:7777/128"),))
    rules = (
        opens(long, tcp(1), target=far) + opens(PODS, tcp(1)) + leaves(long, tcp(1)) + leaves(PODS, tcp(1))
    )
    found = firewall_rules(module(rules, Profile(name=cluster)))
    assert len(found) == len({rule["name"] for rule in found.values()}) == 4
    for label, rule in found.items():
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", rule["name"])
        assert rule["name"].startswith("intentc-")
        assert "--" not in rule["name"]
        assert re.search(r"-(from|to)-", rule["name"])
        assert re.fullmatch(r"[a-z][a-z0-9_]*", label)


def test_clusters_of_one_project_never_share_a_name() -> None:
    clusters = ["prod", "prod-eu", "x" * 40, "x" * 41, "X" * 40, "集群", "群集"]
    found = [name for cluster in clusters for name in names(opens(PODS, tcp(1)), Profile(name=cluster))]
    assert len(set(found)) == len(clusters)


# --- Limits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
def test_a_firewall_rule_holds_100_ports_over_all_protocols(count: int, expected: list[int]) -> None:
    ports = [(tcp, udp)[number % 2](1000 + 4 * number) for number in range(count)]
    found = firewall_rules(module(opens(PODS, *ports)))
    sizes = [sum(len(block["ports"]) for block in rule["allow"]) for rule in found.values()]
    assert sorted(sizes, reverse=True) == expected
    texts = [
        (block["protocol"], port)
        for rule in found.values()
        for block in rule["allow"]
        for port in block["ports"]
    ]
    assert sorted(texts) == sorted((port.protocol.lower(), str(port.first)) for port in ports)


@pytest.mark.parametrize(("count", "expected"), [(250, [250]), (251, [250, 1]), (600, [250, 250, 100])])
def test_a_firewall_rule_holds_250_ranges(count: int, expected: list[int]) -> None:
    blocks = tuple(Block(f"10.{number // 128}.{2 * (number % 128)}.0/24") for number in range(count))
    for rules, argument in (
        (opens(Addresses("cidr", blocks), tcp(1)), "source_ranges"),
        (leaves(Addresses("cidr", blocks), tcp(1)), "destination_ranges"),
    ):
        lists = [rule[argument] for rule in firewall_rules(module(rules)).values()]
        assert sorted(map(len, lists), reverse=True) == expected
        assert sorted(chain(*lists)) == sorted(block.cidr for block in blocks)


def test_split_ranges_and_ports_are_combined_in_full() -> None:
    blocks = tuple(Block(f"10.{number // 128}.{2 * (number % 128)}.0/24") for number in range(251))
    found = firewall_rules(
        module(opens(Addresses("cidr", blocks), *(tcp(2 * number + 1) for number in range(101))))
    )
    assert len(found) == 4
    pairs = [
        (cidr, port)
        for rule in found.values()
        for cidr in rule["source_ranges"]
        for port in rule["allow"][0]["ports"]
    ]
    assert len(pairs) == len(set(pairs)) == 251 * 101
