"""Hold one stage to its promises for one input, whatever its bytes: each target raises when one is broken."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any
from unittest.mock import patch

from intentc import manifests
from intentc.audit import audit
from intentc.compiler import Options, compile_files, load_project
from intentc.diagnostics import Diagnostic, has_errors
from intentc.formatter import layout
from intentc.nodes import PlainIntent, Program, With
from intentc.parser import parse
from intentc.parser.plain import PlainReader
from intentc.parser.text import decode
from intentc.prove.canonical import Canonical
from intentc.prove.clusterwide import read_clusterwide
from intentc.prove.documents import Unreadable
from intentc.prove.firewall_reader import read_firewall
from intentc.prove.policy_reader import read_policies
from intentc.prove.shapes import Shapes
from intentc.source import SourceFile, Span

SECONDS = 20.0
_CODE = re.compile("[EW][1-9][0-9]{2}")
_SENTENCE = re.compile(r"[A-Z][a-z]+ .*", re.DOTALL)
_NAMES = ("Service ", "Deployment ", "Terraform ", "Kubernetes ", "Cilium ", "NetworkPolicy ")


class Hang(BaseException):
    """An input that took longer than its budget; no `except Exception` of a stage swallows it."""


@contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """Raise Hang when the block takes longer than `seconds`; for the main thread only."""

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def check_diagnostics(found: Iterable[Diagnostic]) -> None:
    """Assert that every diagnostic is one that a person and a tool can use."""
    for item in found:
        assert _CODE.fullmatch(item.code), item
        assert item.message, item
        assert not item.message.endswith("."), item.message
        assert item.message.startswith(_NAMES) or not _SENTENCE.fullmatch(item.message), item.message
        edits = (edit.span for fix in item.fixes for edit in fix.edits)
        for span in (item.span, *(label.span for label in item.others), *edits):
            _check_span(span)


def _check_span(span: Span | None) -> None:
    if span is not None:
        assert 0 <= span.start <= span.end <= len(span.file.text), (span.start, span.end)


def _said(program: Program) -> tuple[list[str], list[tuple[str, Span]]]:
    """Return everything a tree says, positions included, alike for both readers."""
    statements = [repr(node).replace("PlainIntent(", "Intent(") for node in program.statements]
    return statements, [(comment.text, comment.span) for comment in program.comments]


def parser(data: bytes) -> None:
    """Read intents; the fast lane for plain lines says what the grammar says."""
    source, problems = decode("a.intent", data)
    program, found = parse(source)
    check_diagnostics((*problems, *found))
    with patch.object(PlainReader, "run", lambda _reader, line: (line, [], [])):
        slow, expected = parse(source)
    assert found == expected
    assert _said(program) == _said(slow)


def formatted(data: bytes) -> None:
    """Lay intents out: the same program, every comment, and nothing left to do the second time."""
    source, problems = decode("a.intent", data)
    if has_errors(problems):
        return
    program, problems = parse(source)
    if has_errors(problems):
        return
    text = layout(source, program)
    again = SourceFile("a.intent", text)
    same, problems = parse(again)
    assert not has_errors(problems), problems
    assert _ordered(same.statements) == _ordered(program.statements)
    assert _comments(same) == _comments(program)
    assert layout(again, same) == text


def _ordered(statements: Iterable[Any]) -> list[Any]:
    """Return statements with the clauses of each in one order, as the layout has them."""
    found = []
    for node in statements:
        changes: dict[str, Any] = {}
        names: tuple[str, ...] = getattr(node, "_fields", ()) or tuple(
            getattr(node, "__dataclass_fields__", ())
        )
        if "clauses" in names and not isinstance(node, PlainIntent):
            changes["clauses"] = tuple(sorted(node.clauses, key=lambda clause: clause.word))
        if isinstance(node, With):
            changes["statements"] = tuple(_ordered(node.statements))
        found.append(_copy_with(node, changes))
    return found


def _copy_with(node: Any, changes: dict[str, Any]) -> Any:
    """Return a node with some fields changed, whether it is a named tuple or a dataclass."""
    if not changes:
        return node
    return node._replace(**changes) if hasattr(node, "_replace") else replace(node, **changes)


def _comments(program: Program) -> list[str]:
    return sorted(comment.text.rstrip() for comment in program.comments)


def profile(data: bytes) -> None:
    """Read `intentc.yaml`."""
    check_diagnostics(load_project(data)[1])


def inventory(data: bytes) -> None:
    """Read manifests."""
    check_diagnostics(manifests.read([("manifests.yaml", data, "default")])[1])


def policies(data: bytes) -> None:
    """Judge NetworkPolicies that somebody wrote."""
    check_diagnostics(audit([("policies.yaml", data, "default")], load_project(None)[0]).diagnostics)


def prover(data: bytes) -> None:
    """Read emitted files: a reader refuses or reads, and what the strict one reads the general one does."""
    shapes = Shapes()
    strict = None
    with suppress(Unreadable):
        strict = Canonical(shapes).read("x.yaml", data)
    general = None
    with suppress(Unreadable):
        general = tuple(document for document, _ in read_policies("x.yaml", data, shapes))
    assert strict is None or strict == general
    with suppress(Unreadable):
        read_clusterwide("x.yaml", data, shapes)
    with suppress(Unreadable):
        read_firewall([("firewall.tf", data)], shapes)


def build(data: bytes) -> None:
    """Compile intents with the default project; what comes out without another error is proved."""
    result = compile_files({"a.intent": data}, Options())
    check_diagnostics(result.diagnostics)
    wrong = [item for item in result.diagnostics if item.code in UNPROVED]
    assert not wrong, wrong


UNPROVED = frozenset({"E901", "E902", "E903", "E904", "E905"})

TARGETS: dict[str, Callable[[bytes], None]] = {
    "parser": parser,
    "format": formatted,
    "profile": profile,
    "manifests": inventory,
    "audit": policies,
    "prover": prover,
    "build": build,
}
