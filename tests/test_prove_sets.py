"""The sets of the prover behave like sets: each operation is compared with trying every member."""

from __future__ import annotations

import ipaddress
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.prove.labels import Values, both, example, holds, label_set, states_of
from intentc.prove.numbers import (
    EVERY_NUMBER,
    Numbers,
    PortSet,
    address_range,
    address_text,
    numbers,
    port_set,
    ranges,
)
from intentc.prove.regions import Budget, Region, TooHard, minus, uncovered
from tests.prove_material import requirement, selector

STATES = (None, "1", "2", "3")
some_states = st.builds(
    Values, st.frozensets(st.sampled_from(STATES[:3]), max_size=3), excluding=st.booleans()
)


def members(values: Values) -> set[str | None]:
    return {state for state in STATES if values.holds(state)}


@given(some_states, some_states)
def test_states_of_a_label_are_a_set(one: Values, other: Values) -> None:
    assert members(one & other) == members(one) & members(other)
    assert members(one - other) == members(one) - members(other)
    assert bool(one) == bool(members(one))
    assert (one == other) == (members(one) == members(other))


@pytest.mark.parametrize(
    ("texts", "carried", "expected"),
    [
        (("a=1",), {"a": "1"}, True),
        (("a=1",), {}, False),
        (("a!=1",), {}, True),
        (("a!=1",), {"a": "1"}, False),
        (("a=1|2", "a!=1"), {"a": "2"}, True),
        (("a",), {"a": ""}, True),
        (("!a",), {"a": ""}, False),
        (("a", "a!=1"), {}, False),
        ((), {"a": "1"}, True),
    ],
)
def test_a_selector_holds_for_labels(texts: tuple[str, ...], carried: dict[str, str], expected: bool) -> None:
    found = label_set(selector(*texts), of_namespace=False)
    assert found is not None
    assert holds(found, carried) is expected


@pytest.mark.parametrize("texts", [("a=1", "a=2"), ("a", "!a"), ("a=1", "a!=1"), ("a=1", "!a")])
def test_a_selector_that_nothing_satisfies_is_no_set(texts: tuple[str, ...]) -> None:
    assert label_set(selector(*texts), of_namespace=False) is None


def test_a_namespace_need_not_carry_any_other_label() -> None:
    found = label_set(selector("team!=a"), of_namespace=True)
    assert found is not None
    assert holds(found, {})


def test_every_namespace_carries_its_name() -> None:
    name = "kubernetes.io/metadata.name"
    assert label_set((requirement(name),), of_namespace=True) == ()
    assert label_set((requirement(f"!{name}"),), of_namespace=True) is None
    assert label_set((requirement(name),), of_namespace=False) != ()
    assert not states_of(name, of_namespace=True).holds(None)


@given(st.lists(st.sampled_from(["a=1", "a!=1", "a", "!a", "b=1|2", "b!=2", "b"]), max_size=4))
def test_an_example_of_a_selector_satisfies_it(texts: list[str]) -> None:
    found = label_set(selector(*texts), of_namespace=False)
    if found is not None:
        assert holds(found, dict(example(found)))


def test_what_is_in_two_label_sets_is_in_both() -> None:
    one, other = (
        label_set(selector("a=1|2", "b"), of_namespace=False),
        label_set(selector("a!=1"), of_namespace=False),
    )
    assert one is not None
    assert other is not None
    assert both(one, other) == label_set(selector("a=2", "b"), of_namespace=False)
    assert both(other, label_set(selector("a=1"), of_namespace=False) or ()) is None


intervals = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=5)


def spelled(found: list[tuple[int, int]]) -> tuple[Numbers, set[int]]:
    spans = [(first, first + length) for first, length in found]
    return numbers(spans), {number for first, last in spans for number in range(first, last + 1)}


@given(intervals, intervals)
def test_numbers_are_a_set(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    mine, my_members = spelled(one)
    theirs, their_members = spelled(other)
    for result, expected in (
        (mine | theirs, my_members | their_members),
        (mine & theirs, my_members & their_members),
        (mine - theirs, my_members - their_members),
    ):
        assert {number for first, last in result.intervals for number in range(first, last + 1)} == expected
        assert result == numbers((number, number) for number in expected)
        assert bool(result) == bool(expected)


@pytest.mark.parametrize(
    "cidr",
    ["0.0.0.0/0", "10.0.0.0/8", "203.0.113.7/32", "255.255.255.255/32", "::/0", "2001:db8::/48", "::1/128"],
)
def test_a_range_is_its_first_and_last_address(cidr: str) -> None:
    network = ipaddress.ip_network(cidr)
    family, (first, last) = address_range(cidr)
    assert (family, last - first + 1) == (network.version, network.num_addresses)
    assert address_text(family, first) == str(network.network_address)
    assert ranges(family, Numbers(((first, last),))) == (cidr,)


@pytest.mark.parametrize(
    "cidr",
    [
        "10.0.0.1/8",
        "10.0.0.0",
        "10.0.0.0/08",
        "010.0.0.0/8",
        "10.0.0.0/33",
        "256.0.0.0/8",
        "10.0.0/8",
        "2001:DB8::/32",
        "2001:db8:0::/48",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/8\n",
        " 10.0.0.0/8",
        "",
        "x",
        "::1/127",
        "1٣.0.0.0/8",
    ],
)
def test_what_is_no_canonical_range_is_refused(cidr: str) -> None:
    with pytest.raises(ValueError):
        address_range(cidr)


PROTOCOLS = ("TCP", "UDP")
NAMES = (("TCP", "n"), ("TCP", "m"), ("UDP", "n"))
port_sets = st.builds(
    port_set,
    st.lists(st.tuples(st.sampled_from(PROTOCOLS), st.just(1), st.sampled_from([1, 2, 65535])), max_size=2),
    st.lists(st.sampled_from(NAMES), max_size=2),
    st.lists(st.sampled_from(["*", "icmp"]), max_size=1),
)
SAMPLES = (1, 2, 3)
BINDINGS = [dict(zip(NAMES, chosen, strict=True)) for chosen in product(SAMPLES, repeat=len(NAMES))]


def meant(found: PortSet, binding: dict[tuple[str, str], int]) -> set[tuple[str, object]]:
    """Return the ports of a set when names stand for numbers; these few tell sets apart."""
    plain: set[tuple[str, object]] = {
        (protocol, number)
        for protocol, all_numbers in found.numbers
        for number in SAMPLES
        if any(first <= number <= last for first, last in all_numbers.intervals)
    }
    plain |= {(name[0], binding[name]) for name in found.names}
    return plain | {("other", other) for other in found.others}


@given(port_sets, port_sets)
def test_ports_are_a_set_whatever_their_names_stand_for(one: PortSet, other: PortSet) -> None:
    for binding in BINDINGS:
        mine, theirs = meant(one, binding), meant(other, binding)
        assert meant(one | other, binding) == mine | theirs
        assert meant(one & other, binding) <= mine & theirs
        assert meant(one - other, binding) >= mine - theirs
    could_meet = any(meant(one, binding) & meant(other, binding) for binding in BINDINGS)
    assert bool(one.may_share(other)) == could_meet
    certainly = all(meant(one, binding) <= meant(other, binding) for binding in BINDINGS)
    assert (not one - other) == certainly


def test_a_name_says_nothing_beside_every_number() -> None:
    every = port_set((("TCP", 1, 65535),))
    assert port_set((("TCP", 1, 65535),), NAMES[:1]) == every
    assert every.numbers == (("TCP", EVERY_NUMBER),)
    assert not port_set((), NAMES[:1]) - every
    assert every - port_set((), NAMES[:1]) == every


COORDINATES = [("subject", "a"), ("peer", "a"), ("peer", "b")]
regions = st.dictionaries(st.sampled_from(COORDINATES), some_states.filter(bool), max_size=3)


def points(region: Region) -> set[tuple[str | None, ...]]:
    found = set()
    for point in product(STATES, repeat=len(COORDINATES)):
        parts = dict(zip(COORDINATES, point, strict=True))
        if all(isinstance(values, Values) and values.holds(parts[key]) for key, values in region.items()):
            found.add(point)
    return found


@given(regions, regions)
def test_a_region_without_another_is_cut_into_disjoint_pieces(one: Region, other: Region) -> None:
    pieces = minus(one, other)
    if pieces is None:
        assert not points(one) & points(other)
        return
    found = [point for piece in pieces for point in points(piece)]
    assert len(found) == len(set(found))
    assert set(found) == points(one) - points(other)


@settings(max_examples=200)
@given(regions, st.lists(regions, max_size=5))
def test_what_is_not_covered_is_what_no_cover_holds(one: Region, covers: list[Region]) -> None:
    left = uncovered(one, covers, Budget(10_000))
    expected = points(one) - {point for cover in covers for point in points(cover)}
    assert {point for piece in left for point in points(piece)} == expected


def test_a_budget_ends_in_no_answer() -> None:
    generator = random.Random(1)
    region: Region = {("peer", "k0"): Values(frozenset(), excluding=True)}
    covers: list[Region] = [
        {
            ("peer", f"k{number}"): Values(frozenset({str(generator.randrange(2))}))
            for number in generator.sample(range(40), 3)
        }
        for _ in range(200)
    ]
    with pytest.raises(TooHard):
        uncovered(region, covers, Budget(10_000))
