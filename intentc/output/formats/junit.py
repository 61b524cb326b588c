"""Diagnostics become a JUnit report: an error is a failed test, a warning one that passed and speaks.

The form is that which Jenkins and GitLab read:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intentc.diagnostics import Diagnostic
from intentc.output.terminal import visible
from intentc.output.text import block, worst

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST = 5_000


def render(diagnostics: tuple[Diagnostic, ...], prefix: str) -> str:
    """Return the report: a suite for each file, and one test that passes when there is nothing to report."""
    from xml.etree.ElementTree import Element, indent, tostring

    shown = worst(diagnostics, MOST)
    suites: dict[str, list[Diagnostic]] = {} if shown else {"intentc": []}
    for item in shown:
        suites.setdefault(f"{prefix}{item.span.file.path}" if item.span else "intentc", []).append(item)
    root = Element("testsuites", name="intentc")
    for path, items in suites.items():
        root.append(_suite(visible(path), items, prefix))
    tests = [case for suite in root for case in suite]
    root.set("tests", str(len(tests)))
    root.set("failures", str(sum(case.find("failure") is not None for case in tests)))
    indent(root)
    # As XML the same text: `##[` is a command to a CI system that reads the log.
    text = tostring(root, encoding="us-ascii").decode().replace("##", "#&#35;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(path: str, items: list[Diagnostic], prefix: str) -> Element:
    from xml.etree.ElementTree import Element, SubElement

    failures = sum(item.severity == "error" for item in items)
    suite = Element("testsuite", name=path, tests=str(max(1, len(items))), failures=str(failures))
    if not items:
        SubElement(suite, "testcase", classname=path, name="no errors, no warnings")
    for item in items:
        line, column = item.span.file.position(item.span.start) if item.span else (0, 0)
        name = f"{item.code} {line}:{column}" if item.span else item.code
        case = SubElement(suite, "testcase", classname=path, name=name)
        if item.severity == "error":
            result = SubElement(case, "failure", type=item.code, message=visible(item.message))
        else:
            result = SubElement(case, "system-out")
        result.text = block(item, prefix=prefix)
    return suite
