"""Measure how well errors are placed: break valid programs by a token and look where the compiler points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from intentc.diagnostics import Diagnostic
from intentc.parser.lines import Piece, cut
from intentc.source import SourceFile, Span
from tests.language.measure import Measure
from tests.language.programs import NEEDS_MANIFESTS, corpus, errors, needs_no_manifests, tokens

JUNK = (
    *(
        "=>",
        "<-",
        "→",
        "-",
        "--",
        ";",
        "|",
        "!",
        "@",
        "/",
        "$",
        "é",
        '"',
        "'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
    ),
    *(
        ",",
        "=",
        "!=",
        "->",
        "*",
        "0",
        "70000",
        "08443",
        "9-5",
        "Upper",
        "under_score",
        "a" * 64,
        "foo",
        "5432",
    ),
    *(
        "except",
        "via",
        "on",
        "until",
        "because",
        "local",
        "nodeport",
        "let",
        "with",
        "assert",
        "isolate",
        "in",
    ),
    *("10.0.0.0/8", "10.0.0.1/8", "300.1.1.1", "2001:db8::/32", "::ffff:10.0.0.1", "2026-02-30", '"text"'),
)
_JOINS = re.compile(r'[^\s,()\[\]{}"]{2}|"{2}')


@dataclass(frozen=True, slots=True)
class Mutation:
    """A text with one token dropped, inserted or replaced, and where an error may rightly point."""

    kind: str
    file: str
    text: str
    start: int
    end: int
    token: str
    lines: frozenset[tuple[str, int]] = frozenset()
    """The lines of its statement, where an error may lie on any of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """The line of a mutation, and all an error may rightly point at: those beside a drop."""

    file: str
    line: int
    lines: frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class OneStatement:
    """The tokens of one statement, or of one end of a block, and the lines it stands on."""

    file: str
    tokens: tuple[int, ...]
    lines: frozenset[tuple[str, int]]


class Mutations:
    """One-token mutations of the corpus."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.texts = corpus()
        self.tokens = {name: list(tokens(text)) for name, text in self.texts.items()}
        self.places = [(name, number) for name, its in self.tokens.items() for number in range(len(its))]
        self.on_line: dict[tuple[str, int], list[int]] = {}
        for name, number in self.places:
            line = self.texts[name].count("\n", 0, self.tokens[name][number].start)
            self.on_line.setdefault((name, line), []).append(number)
        self.statements = [each for name in self.texts for each in self._statements(name)]
        self.vocabulary = sorted({token.text for its in self.tokens.values() for token in its})

    def _statements(self, name: str) -> Iterator[OneStatement]:
        """Yield the statements of a program that is valid: its cutter tells where each begins and ends."""
        source = SourceFile(name, self.texts[name])
        for piece in cut(source).pieces:
            assert isinstance(piece, Piece)
            within = enumerate(self.tokens[name])
            numbers = tuple(number for number, token in within if piece.start <= token.start < piece.end)
            first, last = source.position(piece.start)[0], source.position(piece.end - 1)[0]
            lines = frozenset((name, number - 1) for number in range(first, last + 1))
            yield OneStatement(name, numbers, lines)

    def any(self) -> Mutation:
        """Return a mutation of any token of any program."""
        return self.of(*self.random.choice(self.places))

    def of(self, name: str, number: int) -> Mutation:
        """Return a mutation of one token; dropped, replaced, or with another one before or after it."""
        its, text = self.tokens[name], self.texts[name]
        token = its[number]
        kind = self.random.choice(("drop", "insert", "replace"))
        if kind == "drop":
            first = its[number - 1].start if number else token.start
            last = its[number + 1].end if number + 1 < len(its) else token.end
            mutated = text[: token.start] + text[token.end :]
            return Mutation(kind, name, mutated, first, last - len(token.text), token.text)
        new = self.random.choice(JUNK if self.random.random() < 0.5 else self.vocabulary)
        place = token.end if kind == "insert" and self.random.random() < 0.1 else token.start
        before, after = text[:place], text[token.end if kind == "replace" else place :]
        # A word that touches its neighbour would make another word of both: that would be two mutations.
        before += " " * (_JOINS.fullmatch(before[-1:] + new[:1]) is not None)
        after = " " * (_JOINS.fullmatch(new[-1:] + after[:1]) is not None) + after
        mutation = Mutation(kind, name, before + new + after, len(before), len(before) + len(new), new)
        return mutation if kind == "replace" else self._twin(mutation)

    def _twin(self, mutation: Mutation) -> Mutation:
        """Widen the place over equal neighbours: `a, , b` does not tell which comma was there before."""
        text, start, end, token = mutation.text, mutation.start, mutation.end, mutation.token
        while text[:start].rstrip(" ").endswith(token):
            start = len(text[:start].rstrip(" ")) - len(token)
        while text[end:].lstrip(" ").startswith(token):
            end = len(text) - len(text[end:].lstrip(" ")) + len(token)
        return Mutation(mutation.kind, mutation.file, text, start, end, token)

    def on_lines(self, count: int) -> list[Mutation]:
        """Return mutations that are each an error alone, on so many different lines of the whole corpus."""
        found: list[Mutation] = []
        for name, line in self.random.sample(sorted(self.on_line), len(self.on_line)):
            mutation = self.of(name, self.random.choice(self.on_line[name, line]))
            if problems(mutation.file, mutation.text):
                found.append(mutation)
            if len(found) == count:
                break
        return found

    def of_statements(self, count: int) -> list[Mutation]:
        """Return mutations of so many statements that share no line; each alone is an error on its lines.

        What is reported elsewhere, such as a set that has lost its name or a block that has lost its brace,
        may have one error in common with another of its kind.
        """
        found: list[Mutation] = []
        taken: set[tuple[str, int]] = set()
        for statement in self.random.sample(self.statements, len(self.statements)):
            if taken.isdisjoint(statement.lines):
                mutation = self.of(statement.file, self.random.choice(statement.tokens))
                reported = [frozenset(lines_of(each)) for each in problems(mutation.file, mutation.text)]
                if reported and all(lines <= statement.lines for lines in reported):
                    found.append(replace(mutation, lines=statement.lines))
                    taken |= statement.lines
            if len(found) == count:
                break
        return found

    def together(self, mutations: Iterable[Mutation]) -> tuple[dict[str, str], list[Place]]:
        """Return the corpus with all `mutations` made, and where they are."""
        files = {name: text.split("\n") for name, text in self.texts.items()}
        places: list[Place] = []
        for mutation in mutations:
            before, after = self.texts[mutation.file].split("\n"), mutation.text.split("\n")
            line = next(
                number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
            )
            files[mutation.file][line] = after[line]
            first = mutation.text.count("\n", 0, mutation.start)
            last = mutation.text.count("\n", 0, mutation.end)
            lines = frozenset((mutation.file, number) for number in range(first, last + 1))
            places.append(Place(mutation.file, line, lines | mutation.lines))
        return {name: "\n".join(lines) for name, lines in files.items()}, places


def problems(name: str, text: str) -> tuple[Diagnostic, ...]:
    """Return the errors of one file of the corpus alone."""
    found = errors({name: text})
    return needs_no_manifests(found) if name == NEEDS_MANIFESTS else found


def touches(problem: Diagnostic, start: int, end: int) -> bool:
    """Tell whether the primary span of an error shares a character with the characters `start` to `end`."""
    span = problem.span
    return span is not None and span.start < end and max(span.end, span.start + 1) > start


def measure_places(mutations: Mutations, count: int) -> tuple[Measure, Measure]:
    """Measure how often the first error points at the mutated token, and how often it is the only one."""
    placed = Measure("the first error points at the mutated token", 0.98)
    single = Measure("a mutated token is one error", 0.0)
    for _ in range(count):
        mutation = mutations.any()
        found = problems(mutation.file, mutation.text)
        if not found:
            continue
        where = touches(found[0], mutation.start, mutation.end)
        wrong = shown(mutation, found)
        placed.add(right=where, wrong=wrong, kind=f"{mutation.kind} {found[0].code}")
        single.add(right=len(found) == 1, wrong=wrong, kind=f"{mutation.kind} {found[0].code}")
    return placed, single


def measure_lines(mutations: Mutations, runs: int) -> tuple[Measure, ...]:
    """Measure whether all of up to 20 faults on separate lines are reported, and nothing else is.

    First one fault a statement. Then on any lines, those of one statement and the braces of blocks included:
    there two faults may mend one another, or hide one another, so that no bound is set.
    """
    complete = Measure("all of up to 20 faults are reported", 0.99)
    quiet = Measure("an error is one of a fault", 0.99)
    all_of_any = Measure(
        "all of up to 20 faults are reported, several in a statement and braces included", 0.0
    )
    quiet_of_any = Measure("an error is one of a fault, several in a statement and braces included", 0.0)
    for _ in range(runs):
        count = mutations.random.randint(1, 20)
        _measure_together(mutations, mutations.of_statements(count), complete, quiet)
        _measure_together(mutations, mutations.on_lines(count), all_of_any, quiet_of_any)
    return complete, quiet, all_of_any, quiet_of_any


def _measure_together(
    mutations: Mutations, chosen: Iterable[Mutation], complete: Measure, quiet: Measure
) -> None:
    """Make all mutations of one run at once, and count the faults and errors that belong together."""
    files, places = mutations.together(chosen)
    every = errors(files)
    found = [
        problem
        for name in files
        for problem in (needs_no_manifests if name == NEEDS_MANIFESTS else tuple)(
            problem for problem in every if problem.span and problem.span.file.path == name
        )
    ]
    missed = dict.fromkeys(places)
    said: set[tuple[str, Span | None]] = set()
    for problem in found:
        if (problem.code, problem.span) in said:
            continue  # the same of another cluster
        said.add((problem.code, problem.span))
        lines = set(lines_of(problem))
        # A line of its own is nearer than one that only holds the neighbour of what was dropped.
        near = [place for place in missed if (place.file, place.line) in lines]
        fault = next(iter(near or [place for place in missed if lines & place.lines]), None)
        if fault is not None:
            del missed[fault]
        text = f"{problem.span} {problem.code} {problem.message}"
        quiet.add(right=fault is not None, wrong=text, kind=problem.code)
    wrong = "; ".join(
        f"{its.file}:{its.line + 1} {files[its.file].splitlines()[its.line]!r}" for its in missed
    )
    complete.add(right=not missed, wrong=wrong)


def lines_of(problem: Diagnostic) -> Iterator[tuple[str, int]]:
    """Yield the lines the primary span of an error lies on, counted from 0."""
    if problem.span is not None:
        file = problem.span.file
        first = file.position(problem.span.start)[0]
        last = file.position(max(problem.span.start, problem.span.end - 1))[0]
        yield from ((file.path, line - 1) for line in range(first, last + 1))


def shown(mutation: Mutation, found: Iterable[Diagnostic]) -> str:
    """Return the mutated line and where the errors point."""
    start = mutation.text.rfind("\n", 0, mutation.start) + 1
    end = mutation.text.find("\n", mutation.end)
    line = mutation.text[start : end if end >= 0 else len(mutation.text)]
    said = "; ".join(f"{problem.span} {problem.code} {problem.message}" for problem in found)
    number = mutation.text.count("\n", 0, mutation.start) + 1
    return f"{mutation.kind} {mutation.token!r}: {number}:{mutation.start - start + 1} | {line} | {said}"
