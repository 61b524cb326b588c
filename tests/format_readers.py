"""What the formats of diagnostics are asked to say in tests, and readers that check what they said."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from jsonschema import Draft202012Validator

from intentc.diagnostics import Diagnostic, Edit, Fix, Label, error, warning
from intentc.output.formats import render
from intentc.source import SourceFile, Span

ROOT = Path(__file__).parents[1]

SHOP = SourceFile(
    "intents/shop.intent", "# shop\nshop -> dta:5432\nweb => shop:443\n\U0001f600é -> x:1, \U0001f600:2\n"
)


def at(part: str, file: SourceFile = SHOP) -> Span:
    assert file.text.count(part) == 1
    start = file.text.index(part)
    return Span(file, start, start + len(part))


FINDINGS = (
    error(
        "E203",
        "namespace `dta` is not known",
        at("dta"),
        "no manifest has it",
        others=(Label(at("shop:443"), "used here"),),
        help=("a namespace with a similar name exists: `data`", "or declare it"),
        fixes=(Fix("write `data`", (Edit(at("dta"), "data"),), safe=False),),
    ),
    warning("W304", "odd arrow", at("=>"), fixes=(Fix("write `->`", (Edit(at("=>"), "->"),), safe=True),)),
    Diagnostic("W306", "note", "emoji", at("x:1, \U0001f600"), "two cells"),
    error("E110", "two lines", at("5432\nweb")),
    error("E650", "cluster `prd` is not known", help="clusters are `prod`"),
)


@cache
def validator(path: str) -> Draft202012Validator:
    schema = json.loads((ROOT / path).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def json_of(diagnostics: Any, prefix: str = "") -> Any:
    document = json.loads(render("json", diagnostics, prefix=prefix))
    validator("docs/diagnostics.schema.json").validate(document)
    return document


def sarif_of(diagnostics: Any, prefix: str = "") -> Any:
    document = json.loads(render("sarif", diagnostics, prefix=prefix))
    validator("tests/data/sarif-2.1.0.schema.json").validate(document)
    validator_of_github().validate(document)
    return document["runs"][0]


@cache
def validator_of_github() -> Draft202012Validator:
    """Return what GitHub asks of a log beyond the standard."""
    text = {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 65536}},
    }
    place = {
        "type": "object",
        "required": ["physicalLocation"],
        "properties": {
            "physicalLocation": {
                "required": ["artifactLocation", "region"],
                "properties": {
                    "artifactLocation": {"required": ["uri"]},
                    "region": {"required": ["startLine", "startColumn", "endLine", "endColumn"]},
                },
            }
        },
    }
    rule = {
        "required": ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
        "properties": {"shortDescription": text, "fullDescription": text, "help": text},
    }
    result = {
        "required": ["ruleId", "ruleIndex", "message", "locations", "partialFingerprints"],
        "properties": {
            "message": text,
            "locations": {"minItems": 1, "maxItems": 1, "items": place},
            "relatedLocations": {"maxItems": 1000, "items": {"required": ["id", "message"], **place}},
        },
    }
    run = {
        "required": ["tool", "results"],
        "properties": {
            "tool": {"properties": {"driver": {"properties": {"rules": {"maxItems": 25000, "items": rule}}}}},
            "results": {"maxItems": 25000, "items": result},
        },
    }
    return Draft202012Validator(
        {"required": ["$schema", "version", "runs"], "properties": {"runs": {"maxItems": 20, "items": run}}}
    )


GITLAB = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "pattern": "^[EW][0-9]{3}$"},
                "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "minLength": 1, "not": {"pattern": "^[.]?/"}},
                        "lines": {
                            "type": "object",
                            "required": ["begin", "end"],
                            "properties": {
                                "begin": {"type": "integer", "minimum": 1},
                                "end": {"type": "integer"},
                            },
                        },
                    },
                },
            },
        },
    }
)


def gitlab_of(diagnostics: Any, prefix: str = "") -> Any:
    report = json.loads(render("gitlab", diagnostics, prefix=prefix))
    GITLAB.validate(report)
    fingerprints = [finding["fingerprint"] for finding in report]
    assert len(set(fingerprints)) == len(fingerprints)
    return report


class Command(NamedTuple):
    """What the runner of GitHub Actions makes of a line of the log."""

    name: str
    properties: dict[str, str]
    data: str


REGISTERED = {
    "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice",
    "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning",
}  # fmt: skip


def understood(line: str) -> Command | None:
    """Read a line as the runner does: `::name properties::data` after space, or `##[name]` anywhere.

    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    text = line.lstrip()
    if text.startswith("::") and "::" in text[2:]:
        head, _, data = text[2:].partition("::")
        name, _, rest = head.partition(" ")
        if name in REGISTERED:
            pairs = [pair.partition("=") for pair in rest.strip().split(",") if pair]
            return Command(name, {key: plain(value) for key, _, value in pairs if value}, plain(data))
    if match := re.search(r"##\[([^ \]]*)[^]]*\](.*)", line):
        return Command(match[1], {}, match[2]) if match[1] in REGISTERED else None
    return None


def plain(text: str) -> str:
    for escaped, character in [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]:
        text = text.replace(escaped, character)
    return text


def junit_of(diagnostics: Any, prefix: str = "") -> ET.Element:
    text = render("junit", diagnostics, prefix=prefix)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert text.isascii()
    root = ET.fromstring(text)  # noqa: S314 - our own output
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        for case in cases:
            assert case.tag == "testcase"
            assert case.attrib.keys() == {"classname", "name"}
            assert {child.tag for child in case} <= {"failure", "system-out"}
    assert int(root.attrib["tests"]) == len(root.findall("*/testcase"))
    assert int(root.attrib["failures"]) == len(root.findall("*/testcase/failure"))
    # https://www.w3.org/TR/xml/#charsets
    everything = "".join(root.itertext()) + "".join(
        value for part in root.iter() for value in part.attrib.values()
    )
    assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", everything)
    return root
