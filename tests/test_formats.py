"""Every format says the same of the same, and hostile text is only text in each of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intentc.diagnostics import Edit, Fix, Label, error, warning
from intentc.output.formats import FORMATS, render
from intentc.output.text import block
from intentc.source import SourceFile, Span
from tests.format_readers import FINDINGS, ROOT, SHOP, at, gitlab_of, json_of, junit_of, sarif_of, understood
from tests.hostile_diagnostics import HOSTILE, hostile


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="yaml"):
        render("yaml", ())


def test_concise_is_one_line_each() -> None:
    assert render("concise", FINDINGS, prefix="project/") == (
        "project/intents/shop.intent:2:9: error[E203]: namespace `dta` is not known\n"
        "project/intents/shop.intent:3:5: warning[W304]: odd arrow\n"
        "project/intents/shop.intent:4:7: note[W306]: emoji\n"
        "project/intents/shop.intent:2:13: error[E110]: two lines\n"
        "intentc: error[E650]: cluster `prd` is not known\n"
    )
    assert render("concise", ()) == ""


def test_concise_counts_what_it_leaves_out() -> None:
    lines = render("concise", [error("E110", f"x{number}") for number in range(5002)]).splitlines()
    assert len(lines) == 5001
    assert lines[-1] == "intentc: 2 more are not shown"


def test_json_has_everything() -> None:
    document = json_of(FINDINGS, prefix="project/")
    assert document["version"] == 1
    assert document["total"] == 5
    first, second, third, _, last = document["diagnostics"]
    span = {
        "path": "project/intents/shop.intent",
        "start": {"line": 2, "column": 9, "offset": 15},
        "end": {"line": 2, "column": 12, "offset": 18},
    }
    used = {
        "path": "project/intents/shop.intent",
        "start": {"line": 3, "column": 8, "offset": 31},
        "end": {"line": 3, "column": 16, "offset": 39},
    }
    assert first == {
        "code": "E203",
        "severity": "error",
        "message": "namespace `dta` is not known",
        "span": span,
        "label": "no manifest has it",
        "others": [{"span": used, "text": "used here"}],
        "help": ["a namespace with a similar name exists: `data`", "or declare it"],
        "fixes": [{"title": "write `data`", "safe": False, "edits": [{"span": span, "replacement": "data"}]}],
    }
    assert second["fixes"][0]["safe"] is True
    assert third["span"]["start"] == {"line": 4, "column": 7, "offset": 46}
    assert last["span"] is None
    assert json_of(()) == {"version": 1, "total": 0, "diagnostics": []}


def test_json_holds_five_thousand_and_counts_all() -> None:
    many = [warning("W304", "x", Span(SHOP, number % 9, number % 9)) for number in range(6000)]
    document = json_of([*many, error("E401", "the error")])
    assert document["total"] == 6001
    assert len(document["diagnostics"]) == 5000
    assert document["diagnostics"][-1]["code"] == "E401"


def test_the_example_of_the_documentation_is_real() -> None:
    page = (ROOT / "docs/diagnostics.md").read_text()
    (example,) = re.findall(r"```json example\n(.*?)```", page, re.DOTALL)
    (shown,) = re.findall(r"^    error\[E203\](?:.*\n    )*.*\n", page, re.MULTILINE)
    file = SourceFile("intents/payments.intent", "# payments\n\ncheckout -> paymnets:8443\n")
    found = error(
        "E203",
        "namespace `paymnets` is not known",
        at("paymnets", file),
        "no manifest and no `namespaces` list has it",
        help="a namespace with a similar name exists: `payments`",
    )
    assert render("json", [found]) == example
    assert block(found) == re.sub(r"(?m)^    ", "", shown)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_diagnostics_give_the_same_text(form: str) -> None:
    assert render(form, FINDINGS) == render(form, iter(FINDINGS))


def assert_harmless(form: str, text: str, kinds: int) -> None:
    """Assert that nothing acts: on a terminal, on a CI system, on what splits lines."""
    text.encode()
    assert all(line.isprintable() for line in text.split("\n"))
    found = [one for one in map(understood, text.split("\n")) if one]
    assert [one.name for one in found if one.name not in {"error", "warning", "notice"}] == []
    assert len(found) == (kinds if form == "github" else 0)
    assert not re.search(r"##[A-Za-z]*\[", text)
    for line in text.split("\n"):
        # `::: ` is the arrow to another file: to the runner, a command whose name is a colon.
        assert form == "github" or not line.strip().startswith("::") or re.match(" +::: ", line)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", HOSTILE)
def test_threat_07_no_line_is_a_command_but_our_own(form: str, text: str) -> None:
    found = hostile(text, text)
    assert_harmless(form, render(form, found, prefix="::x/"), len(found))
    assert_harmless(form, render(form, found), len(found))


@pytest.mark.parametrize("text", HOSTILE)
def test_threat_08_hostile_text_is_only_text(text: str) -> None:
    found = hostile(text, text)
    document = json_of(found)
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert [item["message"] for item in document["diagnostics"]] == [exact] * 4
    assert document["diagnostics"][0]["span"]["path"] == exact
    assert document["diagnostics"][0]["fixes"][0]["edits"][0]["replacement"] == exact
    run = sarif_of(found)
    assert len(run["results"]) == 3
    assert all(
        result["message"]["text"].isprintable() or "\n" in result["message"]["text"]
        for result in run["results"]
    )
    assert len(gitlab_of(found)) == 4
    assert len(junit_of(found).findall("*/testcase")) == 4


@given(st.text(min_size=1), st.text(min_size=1), st.text(), st.data())
@settings(max_examples=150, deadline=None)
def test_threat_08_any_text_can_be_said(message: str, path: str, source: str, data: st.DataObject) -> None:
    file = SourceFile(path.lstrip("/.") or "x", source)
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    span = Span(file, start, end)
    fix = Fix(message, (Edit(span, message),), safe=True)
    found = [
        error("E110", message, span, message, others=(Label(span, message),), help=message, fixes=(fix,))
    ]
    (item,) = json_of(found)["diagnostics"]
    assert (item["span"]["start"]["offset"], item["span"]["end"]["offset"]) == (start, end)
    (result,) = sarif_of(found)["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    lines = source.split("\n")
    assert cut(lines, region).encode("utf-16-le", "surrogatepass") == span.text.encode(
        "utf-16-le", "surrogatepass"
    )
    gitlab_of(found)
    junit_of(found)
    for form in FORMATS:
        assert_harmless(form, render(form, found), 1)


def cut(lines: list[str], region: dict[str, int]) -> str:
    """Return the text of a region whose columns are UTF-16 code units."""
    units = [
        line.encode("utf-16-le", "surrogatepass")
        for line in lines[region["startLine"] - 1 : region["endLine"]]
    ]
    units[-1] = units[-1][: 2 * (region["endColumn"] - 1)]
    units[0] = units[0][2 * (region["startColumn"] - 1) :]
    return b"\n\x00".join(units).decode("utf-16-le", "surrogatepass")


def test_an_enormous_line_is_read_once() -> None:
    """A hang would show here: 1,000 findings on one line of 2 million characters that are not ASCII."""
    file = SourceFile("a.intent", "é\U0001f600" * 1_000_000)
    found = [error("E102", "x", Span(file, place, place + 1)) for place in range(0, 2_000_000, 2000)]
    results = sarif_of(found)["results"]
    columns = [result["locations"][0]["physicalLocation"]["region"]["startColumn"] for result in results]
    assert columns == [place // 2 * 3 + 1 for place in range(0, 2_000_000, 2000)]
    for form in FORMATS:
        assert render(form, found)


@pytest.mark.parametrize("form", ["concise", "github"])
def test_forms_made_of_lines_load_little(form: str) -> None:
    code = "import sys; from intentc.diagnostics import error; from intentc.output.formats import render; "
    code += f"render('{form}', [error('E110', 'x')]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-Sc", code],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert f"intentc.output.formats.{form}" in loaded
    assert not loaded & {"json", "xml", "hashlib", "urllib", "unicodedata", "difflib"}
