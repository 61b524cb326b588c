"""Read the corpus of valid programs, and say what is wrong with a program as the compiler sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from intentc.analysis import analyze, policy_of
from intentc.compiler import load_project
from intentc.diagnostics import Diagnostic, in_order
from intentc.nodes import Program
from intentc.parser import parse
from intentc.parser.text import decode
from intentc.profile import Project

CORPUS = Path(__file__).parent / "corpus"
NEEDS_MANIFESTS = "manifests.intent"
"""The one program of the corpus whose names only the manifests of a project could resolve."""

_ADDRESS = r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:/[0-9]+)?"
_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_OUTSIDE = re.compile(rf'(?P<skip>\s+|#[^\n]*)|"(?:[^"\\]|\\.)*"|->|{_ADDRESS}|{_WORD}|.')
_INSIDE = re.compile(r'(?P<skip>\s+|#[^\n]*)|==|!=|[^\s,:()\[\]{}=!"#]+|.')


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark of a valid program, and where it stands."""

    text: str
    start: int
    end: int


def corpus() -> dict[str, str]:
    """Return the texts of all valid programs by file name."""
    return {path.name: path.read_text("utf-8") for path in sorted(CORPUS.glob("*.intent"))}


@cache
def project() -> Project:
    """Return the project the corpus is compiled in."""
    found, problems = load_project((CORPUS / "intentc.yaml").read_bytes())
    assert not problems
    return found


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a valid program; what stands before a brace tells a block from a selector."""
    depth = position = 0
    header = False
    while position < len(text):
        match = (_INSIDE if depth else _OUTSIDE).match(text, position)
        assert match is not None
        position = match.end()
        if match["skip"] is not None:
            header = header and "\n" not in match.group()
            continue
        token = match.group()
        if token == "with" and not depth:
            header = True
        elif token == "{" and header and not depth:
            header = False
        elif token in "[{(":
            depth += 1
        elif token in "]})" and depth:
            depth -= 1
        yield Token(token, match.start(), match.end())


@lru_cache(maxsize=64)
def parsed(name: str, text: str) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return what the parser makes of a file, with what was wrong with its characters."""
    source, problems = decode(name, text.encode())
    program, more = parse(source)
    return program, (*problems, *more)


def errors(files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Return every error of the language in a program, in reading order.

    These are the errors of characters, syntax and meaning (E1 and E2) in every cluster; whether a backend can
    express the program and whether its claims hold is no question of the language.
    """
    programs: list[Program] = []
    found: list[Diagnostic] = []
    for name, text in files.items():
        program, problems = parsed(name, text)
        programs.append(program)
        found.extend(problems)
    statements = tuple(statement for program in programs for statement in program.statements)
    resolved, problems = analyze(Program(statements), project())
    found.extend(problems)
    for profile in project().clusters:
        found.extend(policy_of(resolved, project(), profile)[1])
    return in_order(problem for problem in found if problem.severity == "error")


def needs_no_manifests(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return `problems` without those that only say that there are no manifests."""
    return tuple(problem for problem in problems if problem.code not in {"E215", "E220"})
