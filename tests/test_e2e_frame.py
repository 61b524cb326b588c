"""What runs the real parts fails where one is missing; what stands in for the network decides as Google's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.e2e import __main__ as frame
from tests.e2e import evidence, firewall, programs
from tests.e2e.building import build, without_one
from tests.e2e.failure import Missing
from tests.e2e.observing import expected
from tests.e2e.rows import MASQUERADED_ROWS, MISCONFIGURED, ROWS, WAYS
from tests.e2e.world import COVERING
from tests.tools import development


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a part that finds nothing wrong, and is the only one."""
    module = ModuleType("part")
    module.run = lambda *, short: []  # type: ignore[attr-defined]  # noqa: ARG005 - the name is the protocol
    monkeypatch.setattr(frame, "PARTS", {"part": "it is fine"})
    monkeypatch.setattr("importlib.import_module", lambda _name: module)
    return module


def test_a_part_says_how_long_it_took(part: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert frame.main([]) == 0
    assert re.fullmatch(r"--- e2e part: it is fine\ne2e: part ok [0-9.]+ s\n", capsys.readouterr().out)
    part.run = lambda *, short: [f"wrong, short={short}"]  # type: ignore[attr-defined]
    assert frame.main(["part", "--short"]) == 1
    printed = capsys.readouterr().out
    assert "  wrong, short=True\n" in printed
    assert re.search(r"^e2e: part FAILED [0-9.]+ s$", printed, re.MULTILINE)


def test_what_is_missing_fails(part: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    def prepare() -> None:
        raise Missing("apt-get install it")

    part.prepare = prepare  # type: ignore[attr-defined]
    assert frame.main([]) == 1
    assert "  missing: apt-get install it\n" in capsys.readouterr().out


def test_unknown_parts_are_wrong_usage(part: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert hasattr(part, "run")
    with pytest.raises(SystemExit) as stopped:
        frame.main(["parts"])
    assert stopped.value.code == 2
    assert "no part `parts`; there are part" in capsys.readouterr().err


def test_missing_programs_are_named_by_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "PLUGINS", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "nft" else name)
    with pytest.raises(Missing, match=r"^apt-get install .* containernetworking-plugins nftables$"):
        programs.require(("nft", "ip"), plugins=("ptp",))
    (tmp_path / "ptp").touch()
    programs.require(("ip",), plugins=("ptp",))


@pytest.mark.parametrize(("version", "is_taken"), [("1.26.8", True), ("1.27.1", False), ("1.2.6", False)])
def test_go_is_taken_from_path_where_it_is_the_version_that_builds_or_else_from_its_locked_wheel(
    version: str, is_taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = development.load()
    monkeypatch.setattr(development, "load", lambda: dev)
    monkeypatch.setattr(programs, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = tmp_path / "bin" / "go"
    found.parent.mkdir()
    found.write_text(f"#!/bin/sh\necho go version go{version} linux/amd64\n")
    found.chmod(0o755)
    installed: list[Path] = []

    def install_locked(lock: Path, option: str, target: str) -> None:
        assert (lock.name, option) == ("go.lock", "--target")
        installed.append(Path(target))
        Path(target).mkdir(parents=True)

    dev.install_locked = install_locked
    first, second = programs.prepare_go(), programs.prepare_go()
    assert first == second == (found if is_taken else installed[0] / "go/bin/go")
    assert len(installed) == (0 if is_taken else 1)


def test_a_change_of_a_module_is_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "MODULES", tmp_path)
    (tmp_path / "policies").mkdir()
    main = tmp_path / "policies" / "main.go"
    main.write_text("package main\n")
    before = programs.built("policies")
    assert programs.built("policies") == before
    main.write_text("package main // changed\n")
    assert programs.built("policies") != before


def rule(direction: str, priority: int, action: str, cidr: str) -> firewall.Rule:
    sources = (cidr,) if direction == "INGRESS" else ()
    destinations = () if sources else (cidr,)
    return firewall.Rule("rule", direction, priority, action, sources, destinations, "tcp", ("80", "90-99"))


def test_the_network_decides_by_priority_and_denials_first() -> None:
    rules = [
        rule("INGRESS", 1000, "allow", "10.0.0.0/8"),
        rule("INGRESS", 1000, "deny", "10.1.0.0/16"),
        rule("INGRESS", 900, "allow", "10.1.1.0/24"),
        rule("EGRESS", 1000, "deny", "192.0.2.0/24"),
        rule("INGRESS", 1000, "allow", "2001:db8::/32"),
    ]
    chains = dict(
        re.findall(r"^chain (\w+) \{\n(.*?)\n\}$", firewall.ruleset(rules), re.MULTILINE | re.DOTALL)
    )
    assert chains["into_node"].splitlines() == [
        "ip saddr { 10.1.1.0/24 } tcp dport { 80, 90-99 } return",
        "ip saddr { 10.1.0.0/16 } tcp dport { 80, 90-99 } drop",
        "ip saddr { 10.0.0.0/8 } tcp dport { 80, 90-99 } return",
        "drop",
    ]
    assert chains["out_of_node"].splitlines() == [
        "ip daddr { 192.0.2.0/24 } tcp dport { 80, 90-99 } drop",
        "return",
    ]
    assert 'oifname "to-n1" jump into_node' in chains["forward"]


def test_a_section_of_the_evidence_is_replaced_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "evidence.md"
    monkeypatch.setattr(evidence, "PAGE", page)
    page.write_text("a\n<!-- it: written by ./dev e2e it -->\nold\n<!-- end of it -->\nb\n")
    evidence.write("it", ["new"])
    assert page.read_text() == "a\n<!-- it: written by ./dev e2e it -->\n\nnew\n\n<!-- end of it -->\nb\n"
    with pytest.raises(AssertionError, match="no section other"):
        evidence.write("other", ["new"])


@pytest.mark.parametrize("way", WAYS)
def test_leaving_something_out_never_admits_everybody(way: str) -> None:
    built = build(WAYS[way], masquerade=COVERING)
    variants = list(without_one(built))
    assert len({what for what, _ in variants}) == len(variants) > 3
    for _, rest in variants:
        assert (rest.documents, rest.rules) != (built.documents, built.rules)
        assert all(found.sources and found.ports for found in rest.rules)
        for _, _, text in rest.documents:
            spec = yaml.safe_load(text)["spec"]
            for direction, key in (("ingress", "from"), ("egress", "to")):
                assert spec.get(direction, [{key: 1}]) != []
                assert all(found[key] and found["ports"] for found in spec.get(direction, ()))


def test_every_row_of_the_table_is_asked_and_every_way_has_rows() -> None:
    numbers = {row.number for row in ROWS} - {"none"}
    assert numbers == {str(number) for number in range(1, 29)}
    assert {row.way for row in ROWS} == set(WAYS)
    assert {row.number for row in MASQUERADED_ROWS} >= {"6", "11", "16", "18"}


def test_the_evidence_shows_every_row_as_the_table_says() -> None:
    page = evidence.PAGE.read_text().splitlines()
    for row in (*ROWS, *MASQUERADED_ROWS, MISCONFIGURED):
        cells = evidence.row_cells(row, expected(row))
        assert f"| {' | '.join(cells)} |" in page, "run ./dev e2e packets"
