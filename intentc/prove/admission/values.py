"""Values of a parsed document, each taken as the type its field has; what does not fit is a refusal.

Kubernetes decodes null as if the field were absent, which in most places means *everything*: null is refused
everywhere, and then treated as the API server treats it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from intentc.prove.admission.refusal import Refusal, house, keyed, server, shown

Mapping = dict[object, object]

_PLAIN = (dict, list, str, int, float)  # bool is an int
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def _null(path: str) -> Refusal:
    return house("NP-51", path, "null, which Kubernetes reads as if nothing was written")


def _not_a(wanted: str, value: object, path: str) -> Refusal:
    if isinstance(value, _PLAIN):
        return server("NP-03", path, f"`{shown(value)}` is not {wanted}")
    return house("NP-52", path, f"a {shown(value)} of the YAML reader: not a type that JSON has")


def mapping(value: object, path: str, found: list[Refusal]) -> Mapping | None:
    """Return a map; an empty one for null, None for what is no map."""
    if isinstance(value, dict):
        return value
    if value is None:
        found.append(_null(path))
        return {}
    found.append(_not_a("a mapping", value, path))
    return None


def record(value: object, fields: frozenset[str], path: str, found: list[Refusal]) -> Mapping | None:
    """Return a map whose keys are field names; others are refused. Case counts.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
    """
    known = mapping(value, path, found)
    if known and not fields.issuperset(known):
        dot = "." if path else ""
        found += [
            server("NP-02", f"{path}{dot}{shown(key)}", f"the field `{shown(key)}` is not known")
            for key in known
            if key not in fields
        ]
    return known


def items(value: object, path: str, found: list[Refusal], *, empty: str) -> list[object]:
    """Return a list, an empty one for what is none; `empty` says what it means to write an empty one."""
    if isinstance(value, list):
        if not value:
            found.append(house("NP-61", path, f"an empty list: {empty}"))
        return value
    found.append(_null(path) if value is None else _not_a("a list", value, path))
    return []


def text(value: object, path: str, found: list[Refusal]) -> str | None:
    """Return a text; the empty one for null, None for what is no text."""
    if isinstance(value, str):
        return value
    if value is None:
        found.append(_null(path))
        return ""
    found.append(_not_a("a string", value, path))
    return None


def whole_number(value: object, path: str, found: list[Refusal], *, wanted: str) -> int | None:
    """Return a whole number; None for null and for what is none.

    `80.0` is one to the API server, which turns YAML into JSON first.
    """
    if isinstance(value, float) and value.is_integer():
        found.append(house("NP-52", path, f"`{shown(value)}` is a whole number in the form of another"))
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found.append(_null(path) if value is None else _not_a(wanted, value, path))
    return None


def keys(known: Mapping, path: str, found: list[Refusal]) -> Iterator[tuple[str, object]]:
    """Return the entries of a map with free keys; the API server would make a text of any key."""
    for key, value in known.items():
        if isinstance(key, str):
            yield key, value
        else:
            message = f"the key `{shown(key)}` is not a string"
            found.append(house("NP-52", keyed(path, key), message))


def repeated(entries: Sequence[object]) -> list[int]:
    """Return the positions of entries that say what an earlier one says; they hold what JSON has."""
    seen: set[str] = set()
    positions = []
    for position, entry in enumerate(entries):
        form = entry if isinstance(entry, str) else _canonical(entry)
        if form in seen:
            positions.append(position)
        seen.add(form)
    return positions


def json_size(value: object) -> int:
    """Return the bytes of a value as the JSON that kubectl writes: compact, with `<`, `>` and `&` escaped.

    https://pkg.go.dev/encoding/json#Marshal
    """
    written = _canonical(value)
    escaped = 5 * sum(map(written.count, "<>&")) + 3 * sum(map(written.count, "\u2028\u2029"))
    return escaped + (len(written) if written.isascii() else len(written.encode("utf-8", "surrogatepass")))
