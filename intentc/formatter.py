"""A program becomes its canonical text: the same tree, every comment kept, one way to lay it out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from intentc.nodes import (
    Addresses,
    Assert,
    Clause,
    Comment,
    Endpoint,
    EveryPort,
    Intent,
    Isolate,
    Let,
    Namespace,
    NumberedPorts,
    Pods,
    Ports,
    Program,
    Requirement,
    Service,
    Statement,
    Target,
    Via,
    WellKnown,
    With,
    Workload,
)
from intentc.source import SourceFile, Span

WIDTH = 100
"""How wide a line may become before it is broken after a `,` or `->`."""

INDENT = "  "
_CLAUSES = ("because", "owner", "ticket", "until", "on")
_WORD = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_NEEDS_PROTOCOL = re.compile(r"[0-9]+-[a-z][a-z0-9]*|[a-z]+-[0-9]+")
_BREAKS = re.compile(r", |-> ")
_STATEMENT = re.compile(r"(?:let|with|isolate|assert)(?= )")


@dataclass(slots=True)
class _Line:
    """One laid-out statement, block header, `}` or comment, with the source lines it came from."""

    depth: int
    text: str
    first: int
    last: int
    trailing: list[str] = field(default_factory=list)
    is_comment: bool = False


def layout(source: SourceFile, program: Program) -> str:
    """Return the canonical text of a file whose program was parsed without an error.

    One statement a line, two spaces for each block, one blank line at most, comments behind statements
    aligned in each run of lines. A comment inside a statement moves in front of it.
    """
    lines = list(_statements(source, program.statements, 0))
    lines = _with_comments(source, lines, program.comments)
    return _joined(lines)


def _statements(source: SourceFile, statements: Iterable[Statement], depth: int) -> Iterator[_Line]:
    for statement in statements:
        first, last = _lines_of(source, statement.span)
        if not isinstance(statement, With):
            yield _Line(depth, _statement(statement), first, last)
            continue
        header_end = statement.clauses[-1].span.end if statement.clauses else statement.span.start
        yield _Line(depth, f"with {_clauses(statement.clauses)} {{", first, source.position(header_end)[0])
        yield from _statements(source, statement.statements, depth + 1)
        yield _Line(depth, "}", last, last)


def _lines_of(source: SourceFile, span: Span) -> tuple[int, int]:
    return source.position(span.start)[0], source.position(max(span.start, span.end - 1))[0]


def _with_comments(source: SourceFile, lines: list[_Line], comments: Iterable[Comment]) -> list[_Line]:
    """Return the lines with each comment behind its statement, before it, or on a line of its own."""
    result: list[_Line] = []
    place = 0
    for comment in comments:
        number = source.position(comment.span.start)[0]
        while place < len(lines) and lines[place].last < number:
            result.append(lines[place])
            place += 1
        following = place
        while following + 1 < len(lines) and lines[following + 1].first == number == lines[following].last:
            following += 1
        if following < len(lines) and lines[following].last == number and _stands_behind(source, comment):
            result.extend(lines[place:following])
            place = following
            lines[place].trailing.append(comment.text)
            continue
        depth = lines[place].depth if place < len(lines) else 0
        if place < len(lines) and lines[place].text == "}" and lines[place].first > number:
            depth += 1
        result.append(_Line(depth, comment.text, number, number, is_comment=True))
    return result + lines[place:]


def _stands_behind(source: SourceFile, comment: Comment) -> bool:
    """Tell whether something other than white space stands before a comment on its line."""
    start = source.line_starts[source.position(comment.span.start)[0] - 1]
    return bool(source.text[start : comment.span.start].strip())


def _joined(lines: list[_Line]) -> str:
    """Return the text of all lines: at most one blank line in a row, comments aligned in each run."""
    parts: list[str] = []
    run: list[tuple[str, list[str]]] = []

    def end_run() -> None:
        column = max((len(text.rpartition("\n")[2]) for text, comments in run if comments), default=0)
        for text, comments in run:
            last = text.rpartition("\n")[2]
            gap = " " * (column - len(last) + 2)
            parts.append(f"{text}{gap}{' '.join(comments)}\n" if comments else f"{text}\n")
        run.clear()

    before: _Line | None = None
    for line in lines:
        opens = before is not None and before.text.endswith("{") and not before.is_comment
        closes = line.text == "}" and not line.is_comment
        if before is not None and line.first > before.last + 1 and not opens and not closes:
            end_run()
            parts.append("\n")
        after_block = before is not None and before.text == "}"
        if (
            line.is_comment
            or opens
            or closes
            or after_block
            or line.depth != (before.depth if before else line.depth)
        ):
            end_run()
        run.append((_broken(line), line.trailing))
        before = line
    end_run()
    return "".join(parts)


def _broken(line: _Line) -> str:
    """Return a line with its indentation, broken after `,` or `->` where its flow is too wide.

    Clauses stay behind the last target however long they are: a statement cannot go on before one.
    """
    indent = INDENT * line.depth
    flow, gap, clauses = line.text.partition("  ")
    if line.is_comment or len(indent) + len(flow) <= WIDTH or flow.startswith("with "):
        return indent + line.text
    rows: list[str] = []
    row = indent
    for part in _parts(flow):
        if row.strip() and len(row) + len(part.rstrip()) > WIDTH:
            rows.append(row.rstrip())
            row = indent + INDENT * 2
        row += part
    rows.append(row.rstrip() + gap + clauses)
    return "\n".join(rows)


def _parts(text: str) -> Iterator[str]:
    """Yield what stays together: up to each `, ` and `-> `, unless a statement seems to follow."""
    start = 0
    for match in _BREAKS.finditer(text):
        if not _STATEMENT.match(text, match.end()):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _statement(statement: Intent | Let | Isolate | Assert) -> str:
    if isinstance(statement, Let):
        return f"let {statement.name} = {_targets(statement.members)}"
    if isinstance(statement, Isolate):
        direction = f" {statement.directions[0]}" if len(statement.directions) == 1 else ""
        return _spaced(f"isolate {_endpoints(statement.endpoints)}{direction}", _clauses(statement.clauses))
    flow = f"{_endpoints(statement.sources)} -> {_targets(statement.targets)}"
    if isinstance(statement, Assert):
        flow = f"assert {statement.verdict} {flow}"
    return _spaced(flow, _via(statement.via), _clauses(statement.clauses))


def _spaced(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


def _endpoints(endpoints: Iterable[Endpoint]) -> str:
    return ", ".join(_endpoint(endpoint, is_target=False) for endpoint in endpoints)


def _targets(targets: Iterable[Target]) -> str:
    return ", ".join(_target(target) for target in targets)


def _target(target: Target) -> str:
    endpoint = _endpoint(target.endpoint, is_target=bool(target.ports))
    return f"{endpoint}:{', '.join(_port(port) for port in target.ports)}" if target.ports else endpoint


def _endpoint(endpoint: Endpoint, *, is_target: bool) -> str:
    if isinstance(endpoint, Pods):
        if isinstance(endpoint.namespaces, Namespace):
            where = endpoint.namespaces.name
        else:
            where = f"{{{_selector(endpoint.namespaces.selector)}}}" if endpoint.namespaces.selector else "*"
        return f"{where}[{_selector(endpoint.selector)}]" if endpoint.selector else where
    if isinstance(endpoint, Service):
        return f"{endpoint.namespace.name}/{endpoint.name}"
    if isinstance(endpoint, Workload):
        return f"{endpoint.namespace.name}/{endpoint.kind}/{endpoint.name}"
    if isinstance(endpoint, Addresses):
        base = _cidr(endpoint.address.cidr, is_target=is_target and not endpoint.excepts)
        if not endpoint.excepts:
            return base
        holes = ", ".join(
            _cidr(hole.cidr, is_target=is_target and hole is endpoint.excepts[-1])
            for hole in endpoint.excepts
        )
        return f"{base} except {holes}"
    if isinstance(endpoint, WellKnown):
        return endpoint.word
    return f"@{endpoint.name}"


def _cidr(cidr: str, *, is_target: bool) -> str:
    """Return a range; one IPv4 address stands alone, an IPv6 target keeps the length its port is told by."""
    address, _, length = cidr.partition("/")
    if length == "32" and ":" not in address:
        return address
    return address if length == "128" and not is_target else cidr


def _port(port: Ports) -> str:
    if isinstance(port, EveryPort):
        return "*"
    protocol = "" if port.protocol == "TCP" else f"/{port.protocol.lower()}"
    if isinstance(port, NumberedPorts):
        return f"{port.first}" + (f"-{port.last}" if port.last > port.first else "") + protocol
    if not protocol and _NEEDS_PROTOCOL.fullmatch(port.name):
        protocol = "/tcp"
    return port.name + protocol


def _selector(selector: Iterable[Requirement]) -> str:
    return ", ".join(_requirement(requirement) for requirement in selector)


def _requirement(requirement: Requirement) -> str:
    if requirement.operator == "exists":
        return requirement.key
    if requirement.operator == "!":
        return f"!{requirement.key}"
    if requirement.operator in ("=", "!="):
        return f"{requirement.key}{requirement.operator}{requirement.values[0]}"
    return f"{requirement.key} {requirement.operator} ({', '.join(requirement.values)})"


def _via(via: Via | None) -> str:
    return "" if via is None else via.text


def _clauses(clauses: Iterable[Clause]) -> str:
    ordered = sorted(clauses, key=lambda clause: _CLAUSES.index(clause.word))
    return "  ".join(
        f"{clause.word} {', '.join(_value(clause, value) for value in clause.values)}" for clause in ordered
    )


def _value(clause: Clause, value: str) -> str:
    if clause.word in ("until", "on") or (clause.word != "because" and _WORD.fullmatch(value)):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
