"""A policy's rules become a record of where each came from, beside the output and never applied."""

from __future__ import annotations

import json
from functools import cache

from intentc.diagnostics import Diagnostic
from intentc.ir import Addresses, Artifact, Endpoint, Origin, Policy, Ports, Requirement, Rule, Selector
from intentc.profile import Profile


def emit(policy: Policy, profile: Profile) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return `provenance.json`: each rule, one a line, with why it exists and the `file:line` of its intents.

    The applied files name no file and no line, so that moving a line touches no cluster; this one does.
    """
    del profile
    lines = ",\n".join(_rule(rule) for rule in policy.rules)
    head = f'{{"version": 1, "cluster": {json.dumps(policy.cluster)}, "rules": ['
    return (Artifact("provenance.json", f"{head}\n{lines}\n]}}\n".encode()),), ()


def _rule(rule: Rule) -> str:
    because = ", ".join(dict.fromkeys(_origin(origin) for origin in rule.origins))
    return (
        f'{{"at": "{rule.point.value}", "source": {_end(rule.source)}, "target": {_end(rule.target)}, '
        f'"ports": "{_ports(rule.ports)}", "because": [{because}]}}'
    )


def _origin(origin: Origin) -> str:
    rows = f', "rows": {list(origin.rows)}' if origin.rows else ""
    place = ""
    if origin.flow is not None and origin.flow.span is not None:
        span = origin.flow.span
        place = f', "intent": {json.dumps(f"{span.file.path}:{span.file.position(span.start)[0]}")}'
    return f'{{"cause": "{origin.cause}"{rows}{place}}}'


@cache
def _end(endpoint: Endpoint) -> str:
    if isinstance(endpoint, Addresses):
        return json.dumps(
            {
                "word": endpoint.word,
                "ranges": [_block(block.cidr, block.excepts) for block in endpoint.blocks],
            }
        )
    return json.dumps({"namespaces": _selector(endpoint.namespaces), "pods": _selector(endpoint.pods)})


def _block(cidr: str, excepts: tuple[str, ...]) -> str:
    return f"{cidr} except {', '.join(excepts)}" if excepts else cidr


def _selector(selector: Selector) -> list[str]:
    return [_requirement(requirement) for requirement in selector]


def _requirement(requirement: Requirement) -> str:
    values = f" ({', '.join(requirement.values)})" if requirement.values else ""
    return f"{requirement.key} {requirement.operator}{values}"


@cache
def _ports(ports: Ports) -> str:
    if ports.name:
        return f"{ports.protocol} {ports.name}"
    return f"{ports.protocol} {ports.first}" + (f"-{ports.last}" if ports.last > ports.first else "")
