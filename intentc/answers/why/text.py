"""Answers become text for a person: the verdict first, then each layer, the reasons and the packet's walk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from intentc import ir
from intentc.answers.why.answer import Answer, Way
from intentc.answers.why.layers import Blocking, Layer, Verdict
from intentc.wording import endpoint_text

VERDICTS: dict[Verdict, str] = {"all": "allowed", "some": "partly allowed", "none": "denied"}
SHOWN = 5
"""How many rules or lines of one kind are listed before the rest is counted."""

WIDTH = 100


def text(found: Iterable[Answer]) -> str:
    """Return answers as text, an empty line between two."""
    return "\n".join("".join(f"{line}\n" for line in _answer(answer)) for answer in found)


def _answer(answer: Answer) -> Iterator[str]:
    yield f"{VERDICTS[answer.verdict]} on {answer.cluster}: {answer.text}"
    if answer.verdict == "some":
        yield f"  admitted  {answer.admitted or 'nothing on every way'}"
        yield f"  refused   {answer.refused}"
    yield ""
    for layer in _in_order(answer.layers):
        yield from _layer(layer, answer)
    intents = tuple(dict.fromkeys((line.place, line.said) for line in answer.intents if line.place))
    for number, (place, statement) in enumerate(intents[:SHOWN]):
        yield f"  {'intent' if number == 0 else '':<9} {place}  {statement}"
    yield from _more(len(intents), "intents")
    if answer.line:
        yield ""
        yield "this line allows it:" if answer.verdict == "none" else "this line allows all of it:"
        yield ""
        yield f"    {answer.line}"
        if answer.effects:
            yield ""
        yield from answer.effects
    yield ""
    for reason in answer.reasons:
        yield from wrap(reason, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    yield ""
    yield from _walks(answer)


def _in_order(layers: Iterable[Layer]) -> list[Layer]:
    order = ("egress", "firewall", "ingress")
    return sorted(layers, key=lambda layer: order.index(layer.layer))


def _layer(layer: Layer, answer: Answer) -> Iterator[str]:
    head = f"  {layer.layer:<9} "
    blank = " " * len(head)
    end = answer.flow.source if layer.layer == "egress" else answer.flow.target
    if layer.is_open:
        yield f"{head}open: {layer.note or f'no policy isolates `{endpoint_text(end)}` for {layer.layer}'}"
        return
    by_node = "  (node rule)" if layer.stage is not None and layer.stage[1][0] == "nodes" else ""
    for place, rule in enumerate(layer.rules[:SHOWN]):
        yield f"{head if place == 0 else blank}{rule}{by_node}"
    yield from _more(len(layer.rules), "rules")
    if layer.verdict == "all":
        if not layer.rules:
            yield f"{head}several rules together"
        return
    start = blank if layer.rules else head
    yield f"{start}{'partly refused, such as' if layer.verdict == 'some' else 'refused:'} {layer.refused}"
    if layer.layer == "firewall":
        yield f"{blank}no firewall rule of the intents opens it"
    for blocking in layer.blocking[:SHOWN]:
        yield f"{blank}{_blocking(blocking)}"
    yield from _more(len(layer.blocking), "policies")


def _blocking(blocking: Blocking) -> str:
    because = f", because of {blocking.place}  {blocking.said}" if blocking.place else ""
    return f"isolated by {str(blocking.rule).rstrip()}{because}"


def _more(count: int, what: str) -> Iterator[str]:
    if count > SHOWN:
        yield f"{'':<12}and {count - SHOWN} more {what}; `--format json` has all"


def _walks(answer: Answer) -> Iterator[str]:
    """Yield the walks; ways on which every layer sees the same packets are told together."""
    yield "the packet:"
    names = _names(answer)
    widest = max((len(name) for name, _, _ in names), default=0)
    longest = max((len(address) for _, address, _ in names), default=0)
    for name, address, what in names:
        yield f"  {name:<{widest}}  {address:<{longest}}  {what}".rstrip()
    for ways in groups(answer):
        for way in ways:
            label = f"row {way.walk.rows[0]}: " if way.walk.rows else ""
            yield f"  {label}{way.walk.title}"
        yield from _hops(ways[0])


def groups(answer: Answer) -> tuple[tuple[Way, ...], ...]:
    """Return the ways, those together on which every layer sees the same and says the same."""
    found: dict[tuple[object, ...], list[Way]] = {}
    for way in answer.ways:
        found.setdefault((way.walk.hops, way.walk.note, way.layers), []).append(way)
    return tuple(map(tuple, found.values()))


def _hops(way: Way) -> Iterator[str]:
    for place, hop in enumerate(way.walk.hops):
        if place == len(way.layers):
            yield f"    {hop.layer:<15} sees {hop.packet.source.name}"
            continue
        verdict = way.layers[place].verdict
        mark = {"all": "", "some": "  partly refused", "none": "  refused"}[verdict]
        yield f"    {hop.layer:<15} {hop.packet}{mark}"
        if verdict == "none":
            return
    if way.walk.note:
        yield f"    {way.walk.note}"


def _names(answer: Answer) -> list[tuple[str, str, str]]:
    """Return who the names stand for: name, sample address where the profile has ranges, and what it is."""
    places: dict[str, str] = {}
    for way in answer.ways:
        for place in way.walk.places:
            places.setdefault(place.name, place.address)
    what = {"A": end_text(answer.flow.source), "B": end_text(answer.flow.target)}
    rank = {"A": 0, "B": 1}
    names = sorted(places.items(), key=lambda item: (rank.get(item[0], 2), item[0]))
    return [(name, address, what.get(name, _role(name))) for name, address in names]


def _role(name: str) -> str:
    return {"n1": "a node", "n2": "another node", "n3": "a third node"}.get(name, "")


def end_text(endpoint: ir.Endpoint) -> str:
    """Return an end of a flow in the language's words."""
    return endpoint_text(endpoint)
