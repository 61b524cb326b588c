"""The YAML of intentc.yaml is read strictly, alike by both parsers, and no text makes it crash or hang."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from intentc.profile import Namespace
from intentc.project import load
from intentc.project.reader import read
from intentc.source import SourceFile
from tests.readback import CLUSTER
from tests.test_project import codes, loaded, said

FAST = getattr(yaml, "CSafeLoader", None)


def test_words_that_yaml_1_1_takes_for_truth_or_numbers_are_texts() -> None:
    names = ["no", "on", "y", "1e3", "08", "0o14", "12", "true", "null"]
    clusters = ", ".join(f"{name}: " for name in names)
    project, diagnostics = loaded(f"version: 1\nclusters: {{{clusters}}}\n")
    assert diagnostics == ()
    assert [cluster.name for cluster in project.clusters] == names
    project, diagnostics = loaded(
        "version: 1\nnamespaces: {no: {on: off, y: 1e3, '1': 08}}\nclusters: {a: }\n"
    )
    assert diagnostics == ()
    assert project.namespaces == (Namespace("no", (("1", "08"), ("on", "off"), ("y", "1e3"))),)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "True1", "tru"])
def test_truth_is_spelled_true(word: str) -> None:
    (item,) = loaded(f"version: 1\nclusters: {{a: {{workloadIdentity: {word}}}}}\n")[1]
    assert item.code == "E605"
    assert "`true` or `false`" in item.label


def test_an_alias_bomb_is_an_error_and_nothing_more() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    found = said(f"version: 1\n{bomb}")
    assert [where for code, where in found if code == "E603"] == [f"&{name} [" for name in "abcdefghi"]
    assert {code for code, _ in found} == {"E603", "E604"}


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "a:\n" * 1 + " " * 9 + "b: [" * 40],
    ids=["brackets", "braces", "dashes", "questions", "both"],
)
@pytest.mark.parametrize("with_libyaml", [True, False])
def test_depth_is_limited(text: str, with_libyaml: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_libyaml:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    loaded("version: 1")
    begin = time.process_time()
    assert set(codes(text)) == {"E601"}
    assert time.process_time() - begin < 1


def test_the_size_is_limited() -> None:
    source = SourceFile("intentc.yaml", "version: 1\n#" + "x" * 100)
    assert load(source, maximum_size=112)[1] == ()
    assert [item.code for item in load(source, maximum_size=111)[1]] == ["E601"]


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nnamespaces: [" + "5, " * 20_000 + "]",
        "version: 1\n" + "".join(f"cluster{i}: 1\n" for i in range(20_000)),
        "version: 1\n" * 20_000,
        "[" + "!a x, " * 20_000 + "]",
    ],
    ids=["items", "keys", "twice", "tags"],
)
def test_reading_stops_at_five_thousand_faults(text: str) -> None:
    assert 1000 < len(codes(text)) <= 5001


def test_many_ranges_are_compared_in_no_time() -> None:
    pods, nodes = (", ".join(f"{net}.{i >> 8}.{i & 255}.0/24" for i in range(6000)) for net in (10, 11))
    begin = time.process_time()
    assert codes(f"version: 1\nclusters: {{a: {{podCIDRs: [{pods}], nodeCIDRs: [{nodes}]}}}}\n") == []
    assert time.process_time() - begin < 10  # each with each: 36 million comparisons, over a minute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: 2\n", {"E601"}),
        ("!!python/object:os.system x", {"E603"}),
        ("!x y", {"E603"}),
        ("%YAML 1.1\n---\nversion: 1\n", {"E603"}),
        ("x" * 2_000_000, {"E601"}),
        ("version: 1\n# a\u2028output: /etc\n", {"E608"}),
        ("version: 1\n# a\u0085b\n", {"E608"}),
        ("version: 1\rclusters: {}", {"E608"}),
        ("version: \ud800\n", {"E608"}),
        ("version: 1\x00\n", {"E608"}),
        ("hello", {"E605"}),
        ("version: 1\nclusters:\n\ta: {}\n", {"E601"}),
        ("version: 1\nclusters: [}\n", {"E601"}),
    ],
)  # fmt: skip
def test_what_a_profile_never_is(text: str, expected: set[str]) -> None:
    assert set(codes(text)) == expected


@given(some.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_crash(text: str) -> None:
    for item in loaded(text)[1]:
        assert item.span is None or 0 <= item.span.start <= item.span.end <= max(1, len(text))


@given(
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.text(max_size=8),
        lambda inner: (
            some.lists(inner, max_size=4)
            | some.dictionaries(
                some.sampled_from(["version", "clusters", "dns", "peers", "firewall", "podCIDRs", "a"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=300, deadline=None)
def test_no_structure_makes_it_crash(data: object) -> None:
    loaded(yaml.safe_dump({"version": 1, "clusters": {"a": data}}))
    loaded(yaml.safe_dump(data))


def with_both(text: str) -> list[tuple[Any, ...]]:
    """Return what is read and said with libyaml, and without it."""
    results: list[tuple[Any, ...]] = []
    for fast in (FAST, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml, "CSafeLoader", fast, raising=False)
            project, diagnostics = loaded(text)
            places = [(item.span.start, item.span.end) if item.span else None for item in diagnostics]
            words = [(item.code, item.message, item.label, item.help) for item in diagnostics]
            root, _ = read(SourceFile("intentc.yaml", text))
            results.append((project, places, words, root.plain() if root else None))
    return results


@pytest.mark.parametrize(
    "text",
    [
        CLUSTER,
        "version: 1\n# ü — 😀\nclusters: {a: {dns: 'kube-dns'}}\n",
        "version: 1\r\nclusters: {ü: x}\r\n",
        "version: 1\nnamespaces: [a:]\n",
        "version: 1\nnamespaces: [? ]\n",
        "version:\t1\n",
        "a: [1, b, ]\n",
        "a: [b",
        "a: b: c",
        "a: 'b",
        "a: @b",
        "a: b\n c: d\ne",
        "x: ! y",
    ],
)
def test_both_parsers_of_yaml_give_the_same(text: str) -> None:
    first, second = with_both(text)
    assert first == second


@given(
    some.lists(
        some.tuples(
            some.integers(0, len(CLUSTER)),
            some.sampled_from([*"[]{}:,-#?&*!|>'\"%@`\t\n ~😀", ": ", "- ", "? ", "\n  ", "---\n", "<<: "]),
        ),
        max_size=3,
    )
)
@settings(max_examples=300, deadline=None)
def test_both_parsers_give_the_same_for_damaged_files(damage: list[tuple[int, str]]) -> None:
    text = CLUSTER
    for place, inserted in damage:
        text = text[:place] + inserted + text[place:]
    first, second = with_both(text)
    if "YAML tag" in str(first) or "YAML tag" in str(second):
        # Where a tag ends they disagree, as in `[!a,b]` and `!:!`; refused it is by both.
        assert first[2] != []
        assert second[2] != []
    else:
        assert first == second
