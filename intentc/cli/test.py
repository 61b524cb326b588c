"""`intentc test`: the asserts of a project alone, and what they do not speak of."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from intentc.answers.assertions import Outcome, Report, report
from intentc.cli import console
from intentc.cli.options import (
    ClusterOption,
    ColorOption,
    ManifestsOption,
    NamespaceOption,
    PathArgument,
)
from intentc.diagnostics import Diagnostic, error
from intentc.ir import Flow, Rule
from intentc.wording import endpoint_text, ports_text

FORMS = ("text", "json", "junit")
_SHOWN = 20
_PERCENT = re.compile(r"(?:100|[0-9]{1,2})(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `fail_under` is a share of the intents in percent, as written."""

    asked: console.Asked
    form: str
    fail_under: str


def command(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    fail_under: Annotated[
        str, typer.Option(metavar="PERCENT", help="Fail when asserts touch fewer of the intents.")
    ] = "0",
    color: ColorOption = "auto",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or junit.")] = "text",
) -> None:
    """Run the asserts on the policies a build would write, and say which intents none of them touches."""
    given = tuple(manifests or ())
    asked = console.Asked(path, tuple(cluster or ()), None, True, color, "text", given, namespace)
    raise typer.Exit(test(Request(asked, form, fail_under)))


def test(request: Request) -> int:
    """Run the asserts and return the exit code: 1 when one fails, or when too few intents are touched."""
    wrong = tuple(_wrong(request))
    if wrong:
        return console.show(wrong, request.asked)
    workspace, result = console.compiled(request.asked)
    other = tuple(
        item
        for item in result.diagnostics
        if item.severity == "error" and item.code not in console.FAILED_ASSERTS
    )
    if other:
        return console.show(other, request.asked, workspace.prefix)
    found = report(result)
    failed = [outcome for outcome in found.outcomes if outcome.failure is not None]
    sys.stdout.write({"text": _text, "json": _json, "junit": _junit}[request.form](found))
    if request.form == "text" and failed:
        failures = tuple(dict.fromkeys(outcome.failure for outcome in failed if outcome.failure is not None))
        console.show(failures, request.asked, workspace.prefix)
    too_few = found.coverage * 100 < Fraction(request.fail_under)
    if too_few:
        console.say(f"asserts touch {_percent(found)} of the flows, {request.fail_under} % are wanted\n")
    return console.FINDINGS if failed or too_few else console.CLEAN


def _wrong(request: Request) -> list[Diagnostic]:
    wrong = []
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        wrong.append(error("E651", f"`--format {request.form}` is not known", help=legal))
    if not _PERCENT.fullmatch(request.fail_under):
        message = f"`--fail-under {request.fail_under}` is not a percentage"
        wrong.append(error("E651", message, help="write a number from 0 to 100"))
    return wrong


def _percent(found: Report) -> str:
    """Return the coverage in percent, rounded down, so that 100 % is only ever all of it."""
    thousandths = int(found.coverage * 1000)
    return f"{thousandths // 10}.{thousandths % 10} %"


def _place(flow: Flow) -> str:
    if flow.span is None:
        return ""
    return f"{flow.span.file.path}:{flow.span.file.position(flow.span.start)[0]}"


def _said(outcome: Outcome) -> str:
    """Return the statement of an assert on one line, without its comments."""
    span = outcome.assertion.flow.span
    return " ".join(re.sub(r"#[^\n]*", "", span.text).split()) if span else ""


def _text(found: Report) -> str:
    lines = [
        f"{'ok    ' if outcome.failure is None else 'FAILED'} {outcome.cluster}  "
        f"{_place(outcome.assertion.flow)}  {_said(outcome)}\n"
        for outcome in found.outcomes
    ]
    failed = sum(outcome.failure is not None for outcome in found.outcomes)
    lines.append(f"{len(found.outcomes) - failed} passed, {failed} failed\n")
    touched = found.rules - len(found.missed_rules)
    lines.append(
        f"asserts touch {found.flows - len(found.missed_flows)} of {found.flows} flows ({_percent(found)}), "
        f"{touched} of {found.rules} rules\n"
    )
    missed = list(dict.fromkeys((cluster, _place(flow)) for cluster, flow in found.missed_flows))
    lines += [f"  untouched: {cluster}  {place}\n" for cluster, place in missed[:_SHOWN]]
    if len(missed) > _SHOWN:
        lines.append(f"  and {len(missed) - _SHOWN} more; `--format json` has all\n")
    return "".join(lines)


def _json(found: Report) -> str:
    import json

    document = {
        "version": 1,
        "asserts": [
            {
                "cluster": outcome.cluster,
                "place": _place(outcome.assertion.flow),
                "statement": _said(outcome),
                "passed": outcome.failure is None,
                "message": outcome.failure.message if outcome.failure else "",
            }
            for outcome in found.outcomes
        ],
        "flows": found.flows,
        "rules": found.rules,
        "untouched": [{"cluster": cluster, "place": _place(flow)} for cluster, flow in found.missed_flows],
        "untouched_rules": [_rule(cluster, rule) for cluster, rule in found.missed_rules],
        "coverage": {"numerator": found.coverage.numerator, "denominator": found.coverage.denominator},
    }
    return json.dumps(document, indent=2) + "\n"


def _rule(cluster: str, rule: Rule) -> dict[str, object]:
    """Return a rule in the language's words: its ends are what the point sees, which may be the nodes."""
    flows = (origin.flow for origin in rule.origins if origin.flow is not None)
    return {
        "cluster": cluster,
        "point": rule.point.value,
        "source": endpoint_text(rule.source),
        "target": endpoint_text(rule.target, is_target=True),
        "ports": ports_text((rule.ports,)),
        "places": sorted({_place(flow) for flow in flows}),
    }


def _junit(found: Report) -> str:
    from xml.etree import ElementTree  # noqa: ICN001 - a whole word

    failed = sum(outcome.failure is not None for outcome in found.outcomes)
    suite = ElementTree.Element(
        "testsuite", name="intentc", tests=str(len(found.outcomes)), failures=str(failed)
    )
    for outcome in found.outcomes:
        name = f"{_place(outcome.assertion.flow)} {_said(outcome)}"
        case = ElementTree.SubElement(suite, "testcase", classname=outcome.cluster, name=_legal(name))
        if outcome.failure is not None:
            message = _legal(outcome.failure.message)
            ElementTree.SubElement(case, "failure", message=message).text = _legal(
                "\n".join(outcome.failure.help)
            )
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _legal(text: str) -> str:
    """Return text without the characters XML 1.0 has no place for."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)
