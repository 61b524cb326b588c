"""The formats of code hosts and CI systems: SARIF, GitHub's commands, GitLab's report, JUnit."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import pytest

from intentc.diagnostics import error, warning
from intentc.output.formats import render
from intentc.source import SourceFile, Span
from tests.format_readers import FINDINGS, SHOP, Command, gitlab_of, junit_of, sarif_of, understood


def test_sarif_says_where_in_utf_16() -> None:
    run = sarif_of(FINDINGS, prefix="project/")
    assert run["columnKind"] == "utf16CodeUnits"
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert regions == [
        {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 12},
        {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 7},
        {"startLine": 4, "startColumn": 8, "endLine": 4, "endColumn": 15},
        {"startLine": 2, "startColumn": 13, "endLine": 3, "endColumn": 4},
    ]
    units = [line.encode("utf-16-le") for line in SHOP.text.splitlines()]
    assert units[3][14:28].decode("utf-16-le") == "x:1, \U0001f600"
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "project/intents/shop.intent",
        "uriBaseId": "%SRCROOT%",
    }


def test_sarif_has_rules_messages_second_places_and_fixes() -> None:
    run = sarif_of(FINDINGS)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E110", "E203", "E650", "W304", "W306"]
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error"] * 3 + ["warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first, second = run["results"][:2]
    assert first["level"] == "error"
    assert first["message"]["text"].split("\n") == [
        "namespace `dta` is not known",
        "no manifest has it",
        "help: a namespace with a similar name exists: `data`",
        "help: or declare it",
    ]
    (related,) = first["relatedLocations"]
    assert related["message"] == {"text": "used here"}
    assert related["physicalLocation"]["region"]["startLine"] == 3
    (fix,) = second["fixes"]
    assert fix["description"] == {"text": "write `->` (safe)"}
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 7},
            "insertedContent": {"text": "->"},
        }
    ]
    assert first["fixes"][0]["description"] == {"text": "write `data` (changes who may talk to whom)"}


def test_sarif_tells_of_the_whole_run_beside_the_results() -> None:
    (invocation,) = sarif_of(FINDINGS)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"] == [
        {
            "descriptor": {"id": "E650"},
            "level": "error",
            "message": {"text": "cluster `prd` is not known\nhelp: clusters are `prod`"},
        }
    ]
    assert sarif_of(FINDINGS[:4])["invocations"] == [
        {"executionSuccessful": True, "toolExecutionNotifications": []}
    ]
    assert sarif_of(())["results"] == []


def test_sarif_keeps_to_the_limit_of_github() -> None:
    many = [warning("W304", "x", Span(SHOP, 0, 1))] * 25_001
    document = json.loads(render("sarif", [*many, error("E401", "the error", Span(SHOP, 1, 2))]))
    (run,) = document["runs"]
    assert len(run["results"]) == 25_000
    assert run["results"][-1]["ruleId"] == "E401"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "2 more diagnostics are not in this log"


def test_sarif_paths_are_references() -> None:
    for path in [
        "a b/ü#?.intent",
        "a:b.intent",
        "a\n::error::x",
        "../x.intent",
        "100%.intent",
        "[x](y).intent",
    ]:
        (result,) = sarif_of([error("E110", "x", Span(SourceFile(path, "x"), 0, 1))])["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
        assert unquote(uri) == path
    (result,) = sarif_of([error("E110", "x", Span(SourceFile("a b", "x"), 0, 1))], prefix="/work dir/")[
        "results"
    ]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///work%20dir/a%20b"
    }


def test_sarif_messages_have_no_links() -> None:
    (result,) = sarif_of([error("E110", "[click](https://evil.example)", Span(SHOP, 0, 1))])["results"]
    assert not re.search(r"\[[^]]*\]\(", result["message"]["text"])


def test_the_model_of_the_runner_finds_commands() -> None:
    assert understood("::error file=a%2Cb,line=1::x%0Ay") == Command(
        "error", {"file": "a,b", "line": "1"}, "x\ny"
    )
    assert understood(" \t::stop-commands::x") == Command("stop-commands", {}, "x")
    assert understood("words ##[add-mask]x") == Command("add-mask", {}, "x")
    assert understood("a::error::x") is None
    assert understood("::nothing::x") is None


def test_github_commands() -> None:
    lines = render("github", FINDINGS, prefix="project/").splitlines()
    found = [understood(line) for line in lines]
    assert [one.name for one in found if one] == ["error", "warning", "notice", "error", "error"]
    assert found[0] == Command(
        "error",
        {
            "title": "E203",
            "file": "project/intents/shop.intent",
            "line": "2",
            "endLine": "2",
            "col": "9",
            "endColumn": "12",
        },
        "namespace `dta` is not known\nno manifest has it\n"
        "help: a namespace with a similar name exists: `data`\nhelp: or declare it",
    )
    # GitHub refuses columns when the lines differ.
    assert found[3] is not None
    assert found[3].properties == {
        "title": "E110", "file": "project/intents/shop.intent", "line": "2", "endLine": "3",
    }  # fmt: skip
    assert found[4] is not None
    assert found[4].properties == {"title": "E650"}
    assert render("github", ()) == ""


def test_github_shows_ten_of_a_kind_and_the_rest_stands_in_the_log() -> None:
    many = [error("E110", f"x{number}", Span(SHOP, number, number)) for number in range(13)]
    some = [warning("W304", "y", Span(SHOP, 20, 20))] * 3
    lines = render("github", [*many, *some]).splitlines()
    commands = [one.name for one in map(understood, lines) if one]
    assert (commands.count("error"), commands.count("warning")) == (10, 3)
    assert [line for line in lines if not line.startswith("::")] == [
        "intents/shop.intent:2:4: error[E110]: x10",
        "intents/shop.intent:2:5: error[E110]: x11",
        "intents/shop.intent:2:6: error[E110]: x12",
        "13 errors, 3 warnings; GitHub shows 10 annotations of a kind",
    ]


def test_github_says_nothing_of_a_limit_that_is_not_reached() -> None:
    ten = [error("E110", f"x{number}", Span(SHOP, number, number)) for number in range(10)]
    assert [line[:8] for line in render("github", ten).splitlines()] == ["::error "] * 10


@pytest.mark.parametrize("path", ["a\n::error::x", "a,b:c%d;e=f::g", "100%0A.intent", "::a::b", "a\r\nb"])
def test_github_knows_the_file_by_its_name(path: str) -> None:
    (command,) = filter(
        None,
        map(
            understood, render("github", [error("E110", path, Span(SourceFile(path, "x"), 0, 1))]).split("\n")
        ),
    )
    assert command.properties["file"] == path
    assert command.data == path


def test_gitlab_report() -> None:
    report = gitlab_of(FINDINGS, prefix="project/")
    assert [finding["severity"] for finding in report] == [
        "critical",
        "minor",
        "info",
        "critical",
        "critical",
    ]
    assert report[0]["description"] == "E203: namespace `dta` is not known: no manifest has it"
    assert report[3]["location"] == {"path": "project/intents/shop.intent", "lines": {"begin": 2, "end": 3}}
    assert report[4]["location"] == {"path": "project/intentc.yaml", "lines": {"begin": 1, "end": 1}}
    assert gitlab_of(()) == []


def test_fingerprints_stay_when_other_lines_change() -> None:
    def names(text: str, path: str = "a.intent") -> list[str]:
        file = SourceFile(path, text)
        found = [
            error("E110", "x", Span(file, match.start(), match.end())) for match in re.finditer("b", text)
        ]
        return [finding["fingerprint"] for finding in gitlab_of(found)]

    before = names("a -> b\nc -> b\n")
    assert names("# new\n\na -> b\n# more\n  c -> b # no\n")[0] == before[0]
    assert names("# new\n\na -> b\n# more\n  c -> b  \n") == before
    # The same line again is another finding; the first keeps its name.
    assert names("a -> b\na -> b\nc -> b\n")[::2] == before
    assert not set(names("a -> b\nc -> b\n", "b.intent")) & set(before)
    assert not set(names("a => b\nc => b\n")) & set(before)


def test_of_a_line_without_end_what_stands_near_a_finding_is_its_name() -> None:
    def name(text: str) -> str:
        span = Span(SourceFile("a.intent", text), text.index("b"), text.index("b") + 1)
        (finding,) = gitlab_of([error("E110", "x", span)])
        return str(finding["fingerprint"])

    near = name("x" * 9_000 + "y" * 4_096 + "b" + "z" * 9_000)
    assert name("\n" + "w" * 5_000 + "y" * 4_096 + "b" + "w" * 9_000) == near
    assert name("x" * 9_000 + "w" + "y" * 4_095 + "b" + "z" * 9_000) != near
    short = name("y" * 4_000 + "b" + "z" * 90 + "v" * 100)
    assert name("\n\n" + "y" * 4_000 + "b" + "z" * 90 + "v" * 5 + "w" * 100) == short
    assert name("y" * 4_000 + "b" + "z" * 90 + "w" * 100) != short
    assert name("yb\nx") == name("yb") == name("\nyb\n\n")
    assert name("b") == name("\nb") != name("x\nbx")


def test_junit_report() -> None:
    root = junit_of(FINDINGS, prefix="project/")
    assert [suite.attrib["name"] for suite in root] == ["project/intents/shop.intent", "intentc"]
    assert (root.attrib["tests"], root.attrib["failures"]) == ("5", "3")
    names = [case.attrib["name"] for case in root.iter("testcase")]
    assert names == ["E203 2:9", "W304 3:5", "W306 4:7", "E110 2:13", "E650"]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.attrib == {"type": "E203", "message": "namespace `dta` is not known"}
    assert failure.text is not None
    assert failure.text.startswith(
        "error[E203]: namespace `dta` is not known\n  --> project/intents/shop.intent:2:9\n"
    )
    said = root.findtext("testsuite/testcase/system-out")
    assert said is not None
    assert said.startswith("warning[W304]: odd arrow\n")


def test_reports_hold_five_thousand() -> None:
    many = [
        *(warning("W304", "x", Span(SHOP, number % 9, 9)) for number in range(5000)),
        error("E401", "the error"),
    ]
    report = gitlab_of(many)
    assert len(report) == 5000
    assert report[-1]["check_name"] == "E401"
    assert junit_of(many).attrib == {"name": "intentc", "tests": "5000", "failures": "1"}


def test_junit_without_findings_is_a_test_that_passed() -> None:
    root = junit_of(())
    assert (root.attrib["tests"], root.attrib["failures"]) == ("1", "0")
