"""`intentc suggest`: the intents that the manifests call for, held against those that exist."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intentc.cli import console
from intentc.cli.coverage import NO_MANIFESTS
from intentc.cli.options import ClusterOption, ColorOption, ManifestsOption, NamespaceOption, PathArgument
from intentc.diagnostics import error
from intentc.output.terminal import visible

if TYPE_CHECKING:
    from intentc.answers.suggestions import Judged, Suggestions
    from intentc.source import Span

FORMS = ("text", "intents", "json")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    asked: console.Asked
    form: str


def command(
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    color: ColorOption = "auto",
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, intents (only lines to add) or json.")
    ] = "text",
) -> None:
    """Read off the manifests who is configured to call whom, and compare it with the intents.

    Environments, arguments, ConfigMaps, ingresses, webhooks and balancers name Services. What no intent
    allows is missing and, where an end of it is isolated, breaks; an intent without such a reason is unused.
    Exit code 1 says that something is missing. `--format intents` prints the missing lines, ready to build.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, None, True, color, "text", given, namespace)
    raise typer.Exit(suggest(Request(asked, form)))


def suggest(request: Request) -> int:
    """Show the comparison and return the exit code: 1 when an intent is missing."""
    from intentc.answers import suggestions

    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        wrong = error("E651", f"`--format {request.form}` is not known", help=legal)
        return console.show((wrong,), request.asked)
    workspace, result = console.compiled(request.asked, intents_required=False)
    failed = tuple(
        item
        for item in result.diagnostics
        if item.severity == "error" and item.code not in console.FAILED_ASSERTS
    )
    if failed:
        return console.show(failed, request.asked, workspace.prefix)
    if result.project.inventory is None:
        return console.show(
            (error("E523", "the project has no manifests", help=NO_MANIFESTS),), request.asked
        )
    found = suggestions.suggest(result)
    if request.form == "json":
        sys.stdout.write(_json(found))
    elif request.form == "intents":
        sys.stdout.write(_intents(found))
    else:
        sys.stdout.write(_text(found, workspace.prefix))
    missing = found.of("missing")
    console.say(
        f"{len(found.of('correct'))} correct, {len(missing)} missing, {len(found.of('broken'))} broken, "
        f"{len(found.unused)} unused, {len(found.unprotected)} unprotected\n"
    )
    return console.FINDINGS if missing else console.CLEAN


def _place(span: Span, prefix: str = "") -> str:
    return visible(f"{prefix}{span.file.path}:{span.file.position(span.start)[0]}")


def _text(found: Suggestions, prefix: str) -> str:
    breaking = [item for item in found.of("missing") if item.breaks]
    harmless = [item for item in found.of("missing") if not item.breaks]
    parts = [
        _part("missing, and breaks: an end of it is isolated", (_needed(item, prefix) for item in breaking)),
        _part("missing: it breaks when its ends are isolated", (_needed(item, prefix) for item in harmless)),
        _part("broken, whatever is allowed", (_needed(item, prefix) for item in found.of("broken"))),
        _part("correct", (_allowed(item, prefix) for item in found.of("correct"))),
        _part(
            "unused: the manifests give no reason",
            (f"{item.text}  # {_place(item.place, prefix)}" for item in found.unused),
        ),
        _part(
            "unprotected: no intent isolates it",
            (
                f"{item.workload.path}  # {' and '.join(item.directions)} on {', '.join(item.clusters)}; "
                f"{_place(item.workload.span, prefix)}"
                for item in found.unprotected
            ),
        ),
        _part(
            "hosts that no Service of the manifests has",
            (
                f"{item.source.path} -> {item.host}{f':{item.port}' if item.port else ''}  # "
                f"{'outside the cluster' if item.where == 'outside' else 'not found'}; "
                f"{_place(item.place, prefix)}"
                for item in found.strangers
            ),
        ),
    ]
    return "\n".join(part for part in parts if part)


def _part(title: str, lines: Iterable[str]) -> str:
    made = "".join(f"  {line}\n" for line in lines)
    return f"{title}\n{made}" if made else ""


def _needed(item: Judged, prefix: str) -> str:
    reason = f"{item.reason}; " if item.reason else ""
    return f"{item.line or item.text}  # {reason}{_place(item.need.place, prefix)}"


def _allowed(item: Judged, prefix: str) -> str:
    by = ", ".join(dict.fromkeys(_place(span, prefix) for span in item.intents))
    return f"{item.line or item.text}  # {_place(item.need.place, prefix)}; allowed by {by}"


def _intents(found: Suggestions) -> str:
    """Return the missing lines as a file of intents; what has no line is a comment that says why."""
    lines = []
    for item in found.of("missing"):
        place = _place(item.need.place)
        lines.append(
            f"{item.line}  # {place}\n" if item.line else f"# {item.text}: {item.reason} ({place})\n"
        )
    return "".join(lines)


def _json(found: Suggestions) -> str:
    import json

    document = {
        "version": 1,
        "needs": [
            {
                "state": item.state,
                "intent": item.line,
                "text": item.text,
                "reason": item.reason,
                "service": item.need.service.path,
                "port": item.need.port.number if item.need.port else None,
                "clusters": list(item.clusters),
                "breaks": item.breaks,
                "place": _place(item.need.place),
                "allowed_by": [_place(span) for span in item.intents],
            }
            for item in found.needs
        ],
        "unused": [
            {"flow": item.text, "place": _place(item.place), "clusters": list(item.clusters)}
            for item in found.unused
        ],
        "unprotected": [
            {
                "workload": item.workload.path,
                "directions": list(item.directions),
                "clusters": list(item.clusters),
                "place": _place(item.workload.span),
            }
            for item in found.unprotected
        ],
        "strangers": [
            {
                "workload": item.source.path,
                "host": item.host,
                "port": item.port,
                "where": item.where,
                "place": _place(item.place),
            }
            for item in found.strangers
        ],
    }
    return json.dumps(document, indent=2) + "\n"
