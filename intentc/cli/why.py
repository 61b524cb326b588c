"""`intentc why`: whether one connection is allowed, by which line and which rules, and what is in its way."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intentc.cli import console
from intentc.cli.options import ClusterOption, ColorOption, ManifestsOption, NamespaceOption, PathArgument
from intentc.cli.workspace import open_workspace
from intentc.compiler import parse_files
from intentc.diagnostics import Diagnostic, error, has_errors

if TYPE_CHECKING:
    from intentc.answers.why import Answer
    from intentc.profile import Profile

FORMS = ("text", "json", "mermaid")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for; `exact` means pods without any other label."""

    question: str
    asked: console.Asked
    form: str
    exact: bool


def command(
    question: Annotated[
        str,
        typer.Argument(
            metavar="INTENT",
            help="A connection, written as an intent: 'shop[app=web] -> data[app=postgres]:5432'.",
        ),
    ],
    path: PathArgument = Path(),
    cluster: ClusterOption = None,
    manifests: ManifestsOption = None,
    namespace: NamespaceOption = "default",
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Mean pods with exactly these labels, not all pods that have them among others."
        ),
    ] = False,
    color: ColorOption = "auto",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or mermaid.")] = "text",
) -> None:
    """Say whether a connection is allowed, and why: the intent's line, the rules, the packet's way.

    The question is an intent: intentc why 'shop[app=web] -> data[app=postgres]:5432'. With a path, such as
    via nodeport 30443, the packet walks it.

    Denied, it names what is in the way and prints the line that would allow it. An end stands for all pods
    with the labels it names: the answer is allowed, partly allowed (with the smallest example of each) or
    denied. The exit code is 0 when all of it is allowed, else 1.
    """
    chosen, given = tuple(cluster or ()), tuple(manifests or ())
    asked = console.Asked(path, chosen, None, True, color, "text", given, namespace)
    raise typer.Exit(why(Request(question, asked, form, exact)))


def why(request: Request) -> int:
    """Answer a question and return the exit code: 0 when everything asked about is allowed, else 1."""
    if request.form not in FORMS:
        legal = f"legal are {', '.join(f'`{form}`' for form in FORMS)}"
        return _refuse(request, (error("E651", f"`--format {request.form}` is not known", help=legal),))
    workspace = open_workspace(request.asked.path, request.asked.manifests, request.asked.namespace)
    program, problems = parse_files(workspace.sources)
    wrong = (*workspace.diagnostics, *problems)
    if has_errors(wrong):
        return console.show(_errors(wrong), request.asked, workspace.prefix)
    from intentc.answers.why import answers, ask
    from intentc.answers.why.question import FILE
    from intentc.prove.proof import not_proved
    from intentc.prove.regions import TooHard

    question, problems = ask(request.question, program, workspace.project)
    if question is None:
        return _refuse(request, problems)
    if has_errors(problems):
        return console.show(_errors(problems), request.asked, workspace.prefix)
    profiles, problems = _chosen(workspace.project.clusters, request.asked.clusters)
    if problems:
        return _refuse(request, problems)
    found: list[Answer] = []
    for profile in profiles:
        try:
            its, problems = answers(question, workspace.project, profile, exact=request.exact)
        except TooHard:
            its, problems = (), (not_proved(),)
        if any(item.span and item.span.file.path == FILE for item in _errors(problems)):
            return _refuse(request, problems)
        if has_errors(problems):
            return console.show(_errors(problems), request.asked, workspace.prefix)
        found.extend(its)
    if request.form == "mermaid" and len(found) != 1:
        message = f"`--format mermaid` draws one flow, and the question has {len(found)}"
        advice = "ask for one source, one target, and one cluster with `--cluster`"
        return _refuse(request, (error("E651", message, help=advice),))
    sys.stdout.write(_rendered(found, request.form))
    return console.CLEAN if all(answer.verdict == "all" for answer in found) else console.FINDINGS


def _chosen(
    known: tuple[Profile, ...], names: tuple[str, ...]
) -> tuple[tuple[Profile, ...], tuple[Diagnostic, ...]]:
    """Return the clusters of these names, all without names, and an error for each that is not known."""
    listing = f"known clusters: {', '.join(f'`{profile.name}`' for profile in known)}"
    unknown = [name for name in names if name not in {profile.name for profile in known}]
    wrong = tuple(error("E650", f"cluster `{name}` is not known", help=listing) for name in unknown)
    return tuple(profile for profile in known if not names or profile.name in names), wrong


def _rendered(found: list[Answer], form: str) -> str:
    if form == "json":
        from intentc.answers.why.document import json_text

        return json_text(found)
    if form == "mermaid":
        from intentc.answers.why.diagram import mermaid

        return mermaid(found[0])
    from intentc.answers.why.text import text
    from intentc.output.terminal import visible

    return "".join(f"{visible(line)}\n" for line in text(found).split("\n")[:-1])


def _refuse(request: Request, problems: tuple[Diagnostic, ...]) -> int:
    """Show what is wrong with the question itself: wrong usage, whatever the code."""
    console.show(_errors(problems), request.asked)
    return console.USAGE


def _errors(problems: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(problem for problem in problems if problem.severity == "error")
