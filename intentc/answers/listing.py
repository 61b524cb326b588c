"""The flows of a cluster become a table, CSV or JSON, all of them or those that a filter names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from intentc import ir, nodes
from intentc.analysis.endpoints import Endpoints
from intentc.answers.assertions import ends_meet, ports_meet
from intentc.answers.flows import SeenCluster, SeenFlow
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.parser import parse
from intentc.parser.text import decode
from intentc.profile import Profile, Project
from intentc.prove.labels import holds, label_set

COLUMNS = ("cluster", "from", "to", "ports", "via", "place")
CSV_COLUMNS = (*COLUMNS, "node rule", "statement", "because", "owner", "ticket", "until")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


@dataclass(frozen=True, slots=True)
class Filter:
    """What flows are wanted: from some ends, to some ends, on some ports; nothing stands for all."""

    sources: tuple[ir.Endpoint, ...] = ()
    targets: tuple[ir.Endpoint, ...] = ()
    ports: tuple[ir.Ports, ...] = ()
    namespaces: Mapping[str, Mapping[str, str]] | None = None

    def wants(self, flow: ir.Flow) -> bool:
        """Tell whether some connection of the flow is wanted."""
        return (
            (not self.sources or any(self._meet(flow.source, end) for end in self.sources))
            and (not self.targets or any(self._meet(flow.target, end) for end in self.targets))
            and (
                not self.ports
                or any(ports_meet(mine, theirs) for mine in flow.ports for theirs in self.ports)
            )
        )

    def _meet(self, one: ir.Endpoint, other: ir.Endpoint) -> bool:
        if not ends_meet(one, other):
            return _is_same_word(one, other)
        if self.namespaces is None or not (isinstance(one, ir.Pods) and isinstance(other, ir.Pods)):
            return True
        mine, theirs = (label_set(end.namespaces, of_namespace=True) or () for end in (one, other))
        return any(holds(mine, labels) and holds(theirs, labels) for labels in self.namespaces.values())


def make_filter(
    sources: str, targets: str, project: Project, profile: Profile
) -> tuple[Filter, tuple[Diagnostic, ...]]:
    """Return the filter that two texts describe: endpoints of the language, targets also with ports."""
    diagnostics: list[Diagnostic] = []
    endpoints = Endpoints(project, profile, diagnostics)
    found: dict[str, list[ir.Endpoint]] = {"source": [], "target": []}
    ports: set[ir.Ports] = set()
    for role, text, option in (("source", sources, "--from"), ("target", targets, "--to")):
        if not text:
            continue
        ends, numbers, problems = _ends(text, option)
        diagnostics.extend(problems)
        ports |= {one for port in numbers for one in _ports(port)}
        for end in ends:
            if isinstance(end, nodes.SetReference):
                advice = "name its members: a filter knows no sets"
                diagnostics.append(error("E651", f"`{option} {text}` names a set", help=advice))
            elif (resolved := endpoints.resolve(end, role)) is not None:
                found[role].append(resolved)
    known = None
    if project.namespaces is not None:
        known = {
            space.name: {**dict(space.labels), ir.NAMESPACE_LABEL: space.name} for space in project.namespaces
        }
    return Filter(tuple(found["source"]), tuple(found["target"]), tuple(sorted(ports)), known), tuple(
        diagnostics
    )


def _ends(
    text: str, option: str
) -> tuple[tuple[nodes.Endpoint, ...], tuple[nodes.Ports, ...], tuple[Diagnostic, ...]]:
    """Return the endpoints and ports of a filter's text: targets with ports, or endpoints as sources are."""
    if option == "--to" and (intent := _intent(f"x -> {text}", option)) is not None:
        ports = tuple(port for target in intent.targets for port in target.ports)
        return tuple(target.endpoint for target in intent.targets), ports, ()
    if (intent := _intent(f"{text} -> x:1", option)) is not None:
        return intent.sources, (), ()
    examples = "`shop`, `shop[app=web]`, `internet`, `203.0.113.0/24`, in `--to` also `data:5432`"
    problem = error("E651", f"`{option} {text}` is no endpoint", help=f"write one or several: {examples}")
    return (), (), (problem,)


def _intent(text: str, option: str) -> nodes.Intent | None:
    source, problems = decode(option, text.encode(errors="surrogateescape"))
    if has_errors(problems):
        return None
    program, problems = parse(source)
    statements = program.statements
    if has_errors(problems) or len(statements) != 1:
        return None
    return statements[0] if isinstance(statements[0], nodes.Intent) else None


def _ports(port: nodes.Ports) -> tuple[ir.Ports, ...]:
    if isinstance(port, nodes.EveryPort):
        return ir.EVERY_PORT
    if isinstance(port, nodes.NumberedPorts):
        return (ir.Ports(port.protocol, port.first, port.last),)
    return (ir.Ports(port.protocol, 0, 0, port.name),)


def _is_same_word(one: ir.Endpoint, other: ir.Endpoint) -> bool:
    both = isinstance(one, ir.Addresses) and isinstance(other, ir.Addresses)
    return both and one.word == other.word != "cidr"  # type: ignore[union-attr] # both are addresses


# --- Forms ----------------------------------------------------------------------------------------------


def table(found: Iterable[SeenCluster]) -> str:
    """Return flows as a table for a person, one line each, columns aligned."""
    rows = [tuple(column.upper() for column in COLUMNS)]
    rows += [_row(cluster, flow) for cluster in found for flow in cluster.flows]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    return "".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def csv_text(found: Iterable[SeenCluster]) -> str:
    """Return flows as CSV (RFC 4180, lines end in LF), a heading first.

    A text of the user's that a spreadsheet would take for a formula begins with an apostrophe.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for cluster in found:
        for flow in cluster.flows:
            clauses = flow.flow.clauses
            texts = (flow.said, clauses.because, clauses.owner, clauses.ticket, clauses.until)
            row = (*_row(cluster, flow), "yes" if flow.extras else "no", *texts)
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return stream.getvalue()


def _row(cluster: SeenCluster, flow: SeenFlow) -> tuple[str, ...]:
    return cluster.name, flow.source, flow.target, flow.ports, flow.via, flow.place


def json_text(found: Iterable[SeenCluster]) -> str:
    """Return flows as JSON, as `docs/list.schema.json` describes it: with their rules and extras."""
    clusters: list[Json] = [
        {
            "name": cluster.name,
            "flows": [_flow(flow) for flow in cluster.flows],
            "extras": [
                {
                    "cause": extra.cause,
                    "at": extra.point.value,
                    "reason": extra.reason,
                    "subjects": extra.subjects,
                }
                for extra in cluster.extras
            ],
        }
        for cluster in found
    ]
    return json.dumps({"version": 1, "clusters": clusters}, indent=2) + "\n"


def _flow(flow: SeenFlow) -> Json:
    clauses = flow.flow.clauses
    return {
        "from": flow.source,
        "to": flow.target,
        "ports": flow.ports,
        "via": flow.via,
        "intent": flow.text,
        "place": flow.place,
        "statement": flow.said,
        "clauses": {word: said for word, said in clauses._asdict().items() if said},
        "rules": [
            {"layer": rule.layer, "file": rule.path, "name": rule.name, "place": rule.place}
            for rule in flow.rules
        ],
        "extras": [
            {"cause": extra.cause, "at": extra.point.value, "rows": list(extra.rows), "reason": extra.reason}
            for extra in flow.extras
        ],
    }
