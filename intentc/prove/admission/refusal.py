"""What is wrong with a NetworkPolicy becomes a refusal: where, why, by which rule, and who would refuse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Group = Literal["server", "house"]


class Refusal(NamedTuple):
    """One thing that is wrong with a document.

    `path` is written as the API server writes it (`spec.ingress[0].from[1].ipBlock.cidr`; a key of a map in
    brackets), and empty for the document itself. `id` is the row of `docs/networkpolicy-rules.md`. `group` is
    `server` where the API server refuses the document, `house` where it would take what we must not emit.
    """

    path: str
    message: str
    id: str
    group: Group


def server(identity: str, path: str, message: str) -> Refusal:
    """Return a refusal by the API server."""
    return Refusal(path, message, identity, "server")


def house(identity: str, path: str, message: str) -> Refusal:
    """Return a refusal by a rule of ours."""
    return Refusal(path, message, identity, "house")


def below(path: str, inner: Iterable[Refusal]) -> list[Refusal]:
    """Return refusals of the value at `path`, whose own paths start at that value."""
    return [Refusal(_joined(path, each.path), each.message, each.id, each.group) for each in inner]


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer and inner and not inner.startswith("[") else outer + inner


def keyed(path: str, key: object) -> str:
    """Return the path of a map's entry."""
    return f"{path}[{shown(key, longest=400)}]"  # longer than any key that is right


def shown(value: object, *, longest: int = 70) -> str:
    """Return a short, printable form of a value: text escaped and without quotes, long text cut."""
    if isinstance(value, str):
        text = ascii(value)[1:-1]
        return text if len(text) <= longest else f"{text[: longest - 3]}..."
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else "a number of more than 64 bits"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return type(value).__name__
