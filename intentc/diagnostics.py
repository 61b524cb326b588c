"""What a stage has to say about an input: one type for errors, warnings and notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from intentc.source import Span

Severity = Literal["error", "warning", "note"]


class Label(NamedTuple):
    """Point at a second position that explains the first, such as an earlier definition."""

    span: Span
    text: str


class Edit(NamedTuple):
    """Replace the text of `span` by `replacement`."""

    span: Span
    replacement: str


class Fix(NamedTuple):
    """Offer a change of the source.

    A fix is *safe* only when it cannot change who may talk to whom.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool


class Diagnostic(NamedTuple):
    """Say one thing about the input, in the form of `docs/diagnostics.md`.

    `code` is stable (`E203`); `message` is lower case without a full stop, user text in backticks; `label`
    stands under the span; advice goes into `help`. A diagnostic without a span speaks of the whole run.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    label: str = ""
    others: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def sort_key(self) -> tuple[tuple[str, int, int], str, str]:
        """Return what puts diagnostics in reading order."""
        return self.span.sort_key if self.span else ("", 0, 0), self.code, self.message


def error(
    code: str,
    message: str,
    span: Span | None = None,
    label: str = "",
    *,
    others: tuple[Label, ...] = (),
    help: str | tuple[str, ...] = (),  # noqa: A002 - the word of the rendered line
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    """Return an error: with it, nothing is written."""
    return Diagnostic(code, "error", message, span, label, others, _lines(help), fixes)


def warning(
    code: str,
    message: str,
    span: Span | None = None,
    label: str = "",
    *,
    others: tuple[Label, ...] = (),
    help: str | tuple[str, ...] = (),  # noqa: A002 - the word of the rendered line
    fixes: tuple[Fix, ...] = (),
) -> Diagnostic:
    """Return a warning: the output is written, and somebody should look."""
    return Diagnostic(code, "warning", message, span, label, others, _lines(help), fixes)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of `diagnostics` forbids writing output."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return `diagnostics` in reading order, each once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda diagnostic: diagnostic.sort_key))


def _lines(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text
