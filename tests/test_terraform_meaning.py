"""For any rules, the module admits exactly what they admit."""

from __future__ import annotations

import random
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from intentc.backends.ranges import joined_ports, plain_cidrs
from intentc.ir import Addresses, Block, Ports, Rule
from tests.firewall_modules import IN, NODES, OUT, errors, firewall_rules, module, tcp, udp

FOUR = "0.0.0.0/0 0.0.0.0/32 10.0.0.0/8 10.0.0.0/9 10.128.0.0/9 10.1.0.0/16 10.1.2.3/32 255.255.255.255/32"
SIX = "::/0 2001:db8::/32 2001:db8::/33 2001:db8::1/128"
NETWORKS = {text: ip_network(text) for text in (*FOUR.split(), *SIX.split())}


def inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    return inner != outer and inner.network_address in outer and inner.prefixlen > outer.prefixlen


@some.composite
def blocks(draw: some.DrawFn) -> Block:
    cidr = draw(some.sampled_from(list(NETWORKS)))
    within = [text for text, network in NETWORKS.items() if inside(network, NETWORKS[cidr])]
    holes = some.sets(some.sampled_from(within), max_size=2) if within else some.just(set())
    return Block(cidr, tuple(sorted(draw(holes))))


def ends(word: str) -> some.SearchStrategy[Addresses]:
    return some.builds(
        lambda found: Addresses(word, tuple(sorted(found))), some.sets(blocks(), min_size=1, max_size=3)
    )


PORTS = some.builds(
    lambda protocol, pair: Ports(protocol, *sorted(pair)),
    some.sampled_from(["TCP", "UDP", "SCTP"]),
    some.tuples(some.integers(1, 12), some.integers(1, 12)),
)
NOBODY = some.just(())  # the rules have no origin
ENTERING = some.builds(
    Rule, some.just(IN), ends("cidr") | ends("internet"), some.just(NODES) | ends("cidr"), PORTS, NOBODY
)
LEAVING = some.builds(Rule, some.just(OUT), some.just(NODES), ends("cidr"), PORTS, NOBODY)
RULES = some.lists(ENTERING | LEAVING, max_size=6)

EDGES = sorted(
    {
        address
        for network in NETWORKS.values()
        for edge in (network.network_address, network.broadcast_address)
        for address in (
            edge,
            *(edge + step for step in (-1, 1) if 0 <= int(edge) + step < 2**edge.max_prefixlen),
        )
    },
    key=lambda address: (address.version, int(address)),
)


def admitted_by_rules(rules: list[Rule]) -> set[tuple[Any, ...]]:
    """Return every admitted (direction, source, destination, protocol, port) over the edges of all ranges."""

    def members(addresses: Addresses) -> list[Any]:
        if addresses.word == "nodes":
            return [None]
        return [
            edge
            for edge in EDGES
            if any(
                edge in NETWORKS[block.cidr] and not any(edge in NETWORKS[hole] for hole in block.excepts)
                for block in addresses.blocks
            )
        ]

    return {
        ("INGRESS" if rule.point is IN else "EGRESS", source, target, rule.ports.protocol.lower(), port)
        for rule in rules
        for source in members(rule.source)  # type: ignore[arg-type]  # pods stand at no node
        for target in members(rule.target)  # type: ignore[arg-type]  # the same
        if source is None or target is None or source.version == target.version
        for port in range(rule.ports.first, rule.ports.last + 1)
    }


def admitted_by_bytes(files: dict[str, bytes]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for rule in firewall_rules(files).values():
        assert not (rule["direction"] == "INGRESS" and not rule["source_ranges"])
        assert not (rule["direction"] == "EGRESS" and not rule["destination_ranges"])
        networks = [
            [ip_network(text) for text in rule.get(argument, [])]
            for argument in ("source_ranges", "destination_ranges")
        ]
        assert len({network.version for side in networks for network in side}) == 1
        sources, targets = (
            [edge for edge in EDGES if any(edge in network for network in side)] if side else [None]
            for side in networks
        )
        for block in rule["allow"]:
            for text in block["ports"]:
                first, _, last = text.partition("-")
                found |= {
                    (rule["direction"], source, target, block["protocol"], port)
                    for source in sources
                    for target in targets
                    for port in range(int(first), int(last or first) + 1)
                }
    return found


@settings(max_examples=150, deadline=None)
@given(RULES, some.randoms())
def test_the_bytes_admit_exactly_what_the_rules_say(rules: list[Rule], order: random.Random) -> None:
    possible = [rule for rule in rules if admitted_by_rules([rule])]
    files = module(possible)
    assert admitted_by_bytes(files) == admitted_by_rules(possible)
    shuffled = possible + possible[:2]
    order.shuffle(shuffled)
    assert module(shuffled) == files
    for rule in rules:
        if rule not in possible:
            (found,) = errors([rule])
            assert found.code in {"E411", "E412"}


@given(some.lists(blocks(), max_size=4))
def test_cidrs_are_canonical_sorted_and_as_few_as_possible(found: list[Block]) -> None:
    for version, cidrs in plain_cidrs(found).items():
        networks = [ip_network(text) for text in cidrs]
        assert cidrs == tuple(map(str, networks))
        assert networks == sorted(networks, key=lambda network: int(network.network_address))
        assert {network.version for network in networks} == {version}
        assert not any(
            first.prefixlen and first.supernet() == second.supernet() for first, second in pairwise(networks)
        )


def test_an_exception_beyond_its_block_widens_nothing() -> None:
    assert plain_cidrs([Block("10.1.0.0/16", ("11.0.0.0/8",))]) == {4: ("10.1.0.0/16",)}
    assert plain_cidrs([Block("10.1.0.0/16", ("9.0.0.0/8", "10.1.0.0/17", "10.0.0.0/8"))]) == {}
    assert plain_cidrs([Block("10.0.0.0/8", ("10.0.0.0/9",)), Block("10.1.0.0/16")]) == {
        4: ("10.1.0.0/16", "10.128.0.0/9")
    }


def test_exceptions_count_in_any_order() -> None:
    block = Block("10.8.0.0/14", ("10.10.0.0/16", "10.9.0.0/16"))  # sorted as texts, as the policy has them
    assert plain_cidrs([block]) == {4: ("10.8.0.0/16", "10.11.0.0/16")}


def test_ports_join_where_they_touch() -> None:
    ports = [tcp(80), tcp(81), tcp(83, 90), tcp(85), tcp(90, 95), udp(82), tcp(65535), tcp(65534)]
    assert joined_ports(ports) == (tcp(80, 81), tcp(83, 95), tcp(65534, 65535), udp(82))
