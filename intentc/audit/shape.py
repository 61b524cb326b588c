"""A policy as it is written becomes findings: what its form means where it looks like something else."""

from __future__ import annotations

from collections.abc import Iterator

from intentc.audit import places
from intentc.audit.context import Context
from intentc.audit.policies import DIRECTIONS, ENDS, TYPES, Policy, Rule
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.manifests.tree import Value
from intentc.source import Span


def check(policy: Policy, _context: Context) -> Iterator[Diagnostic]:
    """Yield what the form of a policy gives away."""
    yield from _subject(policy)
    yield from _types(policy)
    for rule in policy.written:
        yield from _empty(rule)
        for peer in rule.peers:
            yield from _without_value(peer.value)


def _without_value(peer: Value) -> Iterator[Diagnostic]:
    """Find selectors of a peer that end at their colon: the API reads them as though they were not there."""
    for name, its in peer.items():
        if its.content is not None or name not in ("namespaceSelector", "podSelector"):
            continue
        meaning = (
            "read as absent: only this policy's own namespace"
            if name == "namespaceSelector"
            else "read as absent: every pod of these namespaces"
        )
        span = places.key(peer, name)
        help_text = f"write what it selects, or `{name}: {{}}` for all of them"
        yield warning("W703", f"`{name}` has no value", span, meaning, help=help_text)


def _subject(policy: Policy) -> Iterator[Diagnostic]:
    """Find a policy that does not say whose it is: it isolates every pod of its namespace."""
    if policy.spec.get("podSelector") is not None:
        return
    label = "isolates every pod of its namespace"
    help_text = "write `podSelector: {}` where that is meant"
    said = (policy.spec.keys or {}).get("podSelector")
    if said is not None:
        colon = said.file.text.find(":", said.end)
        edit = Edit(Span(said.file, said.start, colon + 1), f"{said.text}: {{}}")
        fix = Fix("write `podSelector: {}`", (edit,), safe=True)
        yield warning("W703", "`podSelector` has no value", said, label, help=help_text, fixes=(fix,))
        return
    span = (policy.value.keys or {}).get("spec", policy.span)
    fixes = _line_before(policy.spec, None, "podSelector: {}", safe=True)
    yield warning("W703", "policy has no `podSelector`", span, label, help=help_text, fixes=fixes)


def _types(policy: Policy) -> Iterator[Diagnostic]:
    """Find rules that are not applied, and a direction that is closed without a word."""
    types = policy.spec.get("policyTypes")
    has_types = types is not None and any(True for _ in types.members())
    for direction in DIRECTIONS:
        written = policy.spec.get(direction)
        if written is None or direction in policy.directions:
            continue
        span = places.key(policy.spec, direction)
        word = TYPES[direction]
        if has_types and types is not None:
            others: tuple[Label, ...] = (Label(places.head(types), f"without `{word}`"),)
            label = f"not applied: `policyTypes` has no `{word}`"
            fixes = _added(types, word)
        else:
            others = ()
            label = "closes nothing: without `policyTypes` an empty list is passed over"
            fixes = _written(policy.spec, direction, "policyTypes: [Ingress, Egress]")
        help_text = f"add `{word}` to `policyTypes`"
        message = f"`{direction}` is written and not applied"
        yield warning("W704", message, span, label, others=others, help=help_text, fixes=fixes)
    if not has_types and "egress" in policy.directions and "ingress" not in (policy.spec.keys or {}):
        span = places.key(policy.spec, "egress")
        help_texts = (
            "without `policyTypes` every policy isolates for ingress, and this one admits nobody",
            "write `policyTypes: [Egress]`, or `[Ingress, Egress]` where that is meant",
        )
        fixes = _written(policy.spec, "egress", "policyTypes: [Egress]")
        message, label = "policy closes ingress without a word of it", "the only direction it speaks of"
        yield warning("W705", message, span, label, help=help_texts, fixes=fixes)


def _empty(rule: Rule) -> Iterator[Diagnostic]:
    """Find lists without members, which mean everybody or every port."""
    if rule.value.content is None:
        label = "a rule that names nobody admits everybody"
        help_text = f"name the other end, or take the rule out; `{rule.direction}: []` admits nobody"
        mark = places.dash(rule.value)
        start = rule.value.span.start if mark is None else mark
        span = Span(rule.value.span.file, start, max(start + 1, rule.value.span.end))
        yield warning("W702", "rule has no content", span, label, help=help_text)
        return
    end = ENDS[rule.direction]
    for name, its in rule.value.items():
        if name not in (end, "ports") or (its.content is not None and any(True for _ in its.members())):
            continue
        span = _through(places.key(rule.value, name), its)
        everybody, nobody = (
            ("every port and protocol", "name a port")
            if name == "ports"
            else (
                "everybody: every pod, and every address",
                f"name the other end; a policy admits nobody by `{rule.direction}: []`",
            )
        )
        help_texts = (nobody, f"leave `{name}` out where all are meant")
        fixes = (
            (Fix("write `{}`", (Edit(span, "{}"),), safe=True),) if len(rule.value.keys or {}) == 1 else ()
        )
        message = f"`{name}` is empty"
        yield warning("W702", message, span, f"admits {everybody}", help=help_texts, fixes=fixes)


def _through(key: Span, value: Value) -> Span:
    """Return a key with what is written behind it."""
    text = key.file.text
    if value.content is not None or value.span.end > value.span.start:
        return Span(key.file, key.start, value.span.end)
    colon = text.find(":", key.end, key.end + 100)
    return Span(key.file, key.start, colon + 1 if colon >= 0 else key.end)


def _added(types: Value, word: str) -> tuple[Fix, ...]:
    """Return the fix that adds a type to a list."""
    *_, only = types.members()
    title = f"add `{word}`"
    mark = places.dash(only)
    if mark is None:
        place = Span(only.span.file, only.span.end, only.span.end)
        return (Fix(title, (Edit(place, f", {word}"),), safe=False),)
    text = only.span.file.text
    indent = text[text.rfind("\n", 0, mark) + 1 : mark]
    if indent.strip():
        return ()
    place = Span(only.span.file, only.span.end, only.span.end)
    return (Fix(title, (Edit(place, f"\n{indent}- {word}"),), safe=False),)


def _written(spec: Value, name: str, line: str) -> tuple[Fix, ...]:
    """Return the fix that writes the types before a key, or in the place of those that say nothing."""
    said = (spec.keys or {}).get("policyTypes")
    if said is None or not isinstance(spec.content, dict):
        return _line_before(spec, name, line, safe=False)
    edit = Edit(_through(said, spec.content["policyTypes"]), line)
    return (Fix(f"write `{line}`", (edit,), safe=False),)


def _line_before(spec: Value, name: str | None, line: str, *, safe: bool) -> tuple[Fix, ...]:
    """Return the fix that writes a line before a key of the spec, or before its first."""
    keys = spec.keys or {}
    place = keys.get(name) if name else next(iter(keys.values()), None)
    if place is None:
        return ()
    text = place.file.text
    indent = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    if indent.strip():
        return ()
    edit = Edit(Span(place.file, place.start, place.start), f"{line}\n{indent}")
    return (Fix(f"write `{line}`", (edit,), safe=safe),)
