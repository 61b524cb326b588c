"""Write programs down: as plainly as can be, or in any of the looks the language allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from tests.model.places import NAMESPACES, Place
from tests.model.programs import Program, Statement, Target
from tests.model.world import (
    ENTERING_POD,
    EVERY_PORT,
    NAMESPACE_LABEL,
    SILENT,
    Pods,
    Ports,
    Ranges,
    Requirement,
)

WORDS = ("nodes", "internet", "control-plane")
"""Namespaces of these names are written with braces: the names are words where an endpoint stands."""


def files(program: Program) -> dict[str, str]:
    """Return a program as the files of a project."""
    profile = {"intentc.yaml": project(program.places)}
    if program.look is None:
        text = "".join(f"{plain(statement)}\n" for statement in program.statements)
        return {**profile, "program.intent": text}
    look = Look(Random(program.look))
    return {**profile, **look.files(program.statements)}


def project(places: Mapping[str, Place], namespaces: Mapping[str, Mapping[str, str]] = NAMESPACES) -> str:
    """Return `intentc.yaml` for these clusters, with every namespace and its labels."""
    labels = {
        name: ", ".join(f'"{key}": "{value}"' for key, value in own.items())
        for name, own in namespaces.items()
    }
    spaces = "".join(f'  "{name}": {{{own}}}\n' for name, own in labels.items())
    clusters = "".join(f"  {name}:\n{place.profile}" for name, place in places.items())
    return f"version: 1\nnamespaces:\n{spaces}clusters:\n{clusters}"


# --- Plainly ------------------------------------------------------------------------------------------------


def plain(statement: Statement) -> str:
    """Return a statement in the plainest way."""
    sources = ", ".join(endpoint(source) for source in statement.sources)
    if statement.points:
        direction = " ingress" if ENTERING_POD in statement.points else " egress"
        return f"isolate {sources}{direction if len(statement.points) == 1 else ''}{where(statement)}"
    targets = ", ".join(target(each) for each in statement.targets)
    return f"{sources} -> {targets}{way(statement)}{where(statement)}"


def where(statement: Statement) -> str:
    """Return the clause that limits a statement to a cluster, with a space before it."""
    return f" on {statement.on}" if statement.on else ""


def way(statement: Statement) -> str:
    """Return the `via` or the `only` of a statement, with a space before it."""
    if statement.kind == "direct":
        return ""
    if statement.kind in SILENT:
        return f" only {statement.kind}"
    number = f" {statement.number}" if statement.number else ""
    return f" via {statement.kind}{number}{' local' * statement.local}"


def endpoint(end: Pods | Ranges) -> str:
    """Return an endpoint."""
    if isinstance(end, Ranges):
        excepts = f" except {', '.join(end.excepts)}" if end.excepts else ""
        return end.word if end.word != "cidr" else end.cidrs[0] + excepts
    selector = f"[{', '.join(requirement(each) for each in end.labels)}]" if end.labels else ""
    if not end.namespaces:
        return "*" + selector
    key, operator, values = end.namespaces[0]
    if len(end.namespaces) == 1 and (key, operator) == (NAMESPACE_LABEL, "=") and values[0] not in WORDS:
        return values[0] + selector
    return f"{{{', '.join(requirement(each) for each in end.namespaces)}}}{selector}"


def requirement(each: Requirement) -> str:
    """Return one requirement of a selector, as `kubectl -l` has it."""
    key, operator, values = each
    if operator in ("in", "notin"):
        return f"{key} {operator} ({', '.join(values)})"
    return {"exists": key, "!": f"!{key}"}.get(operator) or f"{key}{operator}{values[0]}"


def target(each: Target) -> str:
    """Return an endpoint with its ports."""
    ports = "*" if each.ports == EVERY_PORT else ", ".join(port(one) for one in each.ports)
    return f"{endpoint(each.endpoint)}:{ports}"


def port(one: Ports) -> str:
    """Return a port, a range or a name; TCP needs no word."""
    number = f"{one.first}" if one.first == one.last else f"{one.first}-{one.last}"
    return (one.name or number) + ("" if one.protocol == "TCP" else f"/{one.protocol.lower()}")


# --- In any look --------------------------------------------------------------------------------------------


class Look:
    """One way to write statements: names for sets, blocks, clauses, line breaks, comments, several files."""

    def __init__(self, random: Random, *, clauses: bool = True) -> None:
        self.random = random
        self.clauses = clauses
        self.sets: list[str] = []

    def files(self, statements: tuple[Statement, ...]) -> dict[str, str]:
        """Return the files; statements and the definitions of sets stand anywhere, in any order."""
        paths = ("a.intent", "team/b.intent", "z.intent")[: self.random.randint(1, 3)]
        found: dict[str, list[str]] = {path: [] for path in paths}
        for text in [*(self.statement(statement) for statement in statements), *self.sets]:
            found[self.random.choice(paths)].append(text)
        for lines in found.values():
            self.random.shuffle(lines)
        ending = self.random.choice(("\n", "\n", "\r\n"))
        texts = {path: "\n".join([*lines, ""]) for path, lines in found.items() if lines}
        return {path: text.replace("\n", ending) for path, text in texts.items()}

    def chance(self, share: float) -> bool:
        """Tell whether something happens now that happens in this share of cases."""
        return self.random.random() < share

    def statement(self, statement: Statement) -> str:
        """Return one statement in any look."""
        limit = where(statement)
        statement = replace(statement, on="")
        if statement.points:
            text = self.loosened(plain(statement))
        else:
            sources = self.listed([self.loosened(endpoint(source)) for source in statement.sources])
            targets = self.listed([self.loosened(self.spelled_out(each)) for each in statement.targets])
            text = sources + self.random.choice((" -> ", "->", " ->\n    ")) + targets + way(statement)
        block = bool(limit) and self.chance(0.3)
        text += (
            self.said() + limit * (not block) + self.random.choice(("", "", '  # why: -> "quoted", {braces'))
        )
        if block:
            text = f"with{limit} {{\n  {text}\n}}"
        if self.clauses and self.chance(0.1):
            text = f'with owner team-a ticket "T-1" {{\n  {text}\n}}'
        return text if self.chance(0.8) else f"\n# a comment: shop -> *:*\n{text}\n"

    def said(self) -> str:
        """Return clauses that change nothing but what people read."""
        texts = (
            r' because "orders \"are\" #1"',
            " owner team-b",
            ' ticket "NET-1"',
            " until 2999-12-31",
        )
        return "".join(text for text in texts if self.clauses and self.chance(0.1))

    def spelled_out(self, each: Target) -> str:
        """Return a target, now and then with the protocol of every port and the ports in another order."""
        if each.ports == EVERY_PORT or not self.chance(0.2):
            return target(each)
        ports = [port(one) + "/tcp" * (one.protocol == "TCP") for one in each.ports]
        return f"{endpoint(each.endpoint)}:{', '.join(self.random.sample(ports, len(ports)))}"

    def loosened(self, text: str) -> str:
        """Return a text with other spaces in it, or none after its commas."""
        if "!=" not in text and self.chance(0.2):
            text = text.replace("=", self.random.choice((" = ", "==", " == ")))
        return text.replace(", ", self.random.choice((", ", ", ", ",", " , ")))

    def listed(self, texts: list[str]) -> str:
        """Return a list, or a name for it that stands in a `let`."""
        if self.chance(0.15):
            name = f"set-{len(self.sets)}"
            self.sets.append(f"let {name} = {', '.join(texts)}")
            return f"@{name}"
        return self.random.choice((", ", ",", ",\n    ")).join(texts)
