"""Values of a manifest become texts, numbers and labels, or an error at the value that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intentc.diagnostics import error
from intentc.inventory import Condition, Labels
from intentc.manifests.tree import Unreadable, Value, shown, template

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=[-0-9]*[a-z])[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?")
_KEY = re.compile(
    r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
PROTOCOLS = ("TCP", "UDP", "SCTP")
_OVERLAY = (
    "what an overlay is made of is no manifest yet: `kubectl kustomize FOLDER | intentc build --manifests -`"
)


def refuse(value: Value, message: str, label: str, help_text: str = _OVERLAY) -> Unreadable:
    """Return the error for a value that the Kubernetes API would refuse, or for a template in its place."""
    if isinstance(value.content, str) and "{{" in value.content:
        return Unreadable(template(value.span))
    return Unreadable(error("E804", message, value.span, label, help=help_text))


def mapping(value: Value, *keys: str) -> Value | None:
    """Return the mapping under a path of keys, or None where there is none."""
    found = value.get(*keys)
    if found is not None and not isinstance(found.content, dict):
        raise refuse(found, f"`{'.'.join(keys)}` is not a mapping", "expected a mapping")
    return found


def members(value: Value, *keys: str) -> Iterator[Value]:
    """Yield the members of the list under a path of keys; each must be a mapping."""
    found = value.get(*keys)
    if found is None:
        return
    if not isinstance(found.content, list):
        raise refuse(found, f"`{'.'.join(keys)}` is not a list", "expected a list")
    for member in found.content:
        if not isinstance(member.content, dict):
            raise refuse(member, f"a member of `{'.'.join(keys)}` is not a mapping", "expected a mapping")
        yield member


def text(value: Value, *keys: str) -> str:
    """Return the text under a path of keys, empty where there is none."""
    found = value.get(*keys) if keys else value
    if found is None or found.content is None:
        return ""
    if not isinstance(found.content, str):
        raise refuse(found, f"`{'.'.join(keys)}` is not a text", "expected a text")
    return found.content


def truth(value: Value, *keys: str) -> Value | None:
    """Return the value under a path of keys where it is true, None where it is false or absent."""
    found = value.get(*keys)
    if found is None:
        return None
    said = found.content if found.plain else None
    if said not in ("true", "True", "TRUE", "false", "False", "FALSE"):
        raise refuse(found, f"`{keys[-1]}` is not `true` or `false`", "expected `true` or `false`")
    return found if str(said).lower() == "true" else None


def name(value: Value, kind: str) -> Value:
    """Return the name of an object, which must be legal; the error says what kind of object has none."""
    found = value.get("metadata", "name")
    if found is None:
        place = value.get("kind") or value
        raise refuse(place, "object without a name", f"this {kind} has no `metadata.name`", "give it a name")
    if not isinstance(found.content, str) or not _NAME.fullmatch(found.content):
        raise refuse(found, "name is not legal", f"no {kind} can have it", _rule("names"))
    return found


def namespace(value: Value, default: str) -> str:
    """Return the namespace an object says it is in, or the default."""
    found = value.get("metadata", "namespace")
    if found is None or found.content == "":
        return default
    if not isinstance(found.content, str) or not _LABEL_NAME.fullmatch(found.content):
        raise refuse(found, "namespace is not legal", "no namespace can have this name", _rule("names"))
    return found.content


def labels(value: Value, *keys: str) -> Labels:
    """Return the labels under a path of keys, sorted by key."""
    found = mapping(value, *keys)
    if found is None:
        return ()
    pairs = []
    for key, its in found.items():
        said = its.content or ""
        if not isinstance(said, str) or not _KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(said):
            raise refuse(its, f"label `{shown(key)}` is not legal", "not a legal label", _rule("labels"))
        pairs.append((key, said))
    return tuple(sorted(pairs))


def conditions(value: Value, *keys: str) -> tuple[Condition, ...]:
    """Return the requirements of a label selector under a path of keys, sorted and unique."""
    found = mapping(value, *keys)
    if found is None:
        return ()
    made = {Condition(key, "In", (its,)) for key, its in labels(found, "matchLabels")}
    for expression in members(found, "matchExpressions"):
        key, operator = text(expression, "key"), text(expression, "operator")
        stated = expression.get("values")
        values = tuple(sorted({text(item) for item in (stated.members() if stated else ())}))
        legal = _KEY.fullmatch(key) and all(_LABEL_VALUE.fullmatch(word) for word in values)
        if not legal or operator not in _OPERATORS or bool(values) != operator.endswith("In"):
            raise refuse(expression, "requirement is not legal", "not a legal requirement", _rule("labels"))
        made.add(Condition(key, operator, values))
    return tuple(sorted(made))


def port_number(value: Value, what: str) -> int:
    """Return the number of a port, 1 to 65535."""
    said = value.content if value.plain else None
    if not isinstance(said, str) or not _NUMBER.fullmatch(said) or not 1 <= int(said) <= 65535:
        raise refuse(value, f"`{what}` is not a port", "expected a number from 1 to 65535", _rule("ports"))
    return int(said)


def port_name(value: Value, what: str) -> str:
    """Return the name of a port."""
    said = value.content
    if not isinstance(said, str) or not _PORT_NAME.fullmatch(said) or "--" in said:
        raise refuse(value, f"`{what}` is not a port", "no port can have this name", _rule("ports"))
    return said


def port(value: Value, what: str) -> int | str:
    """Return a port's number, or its name."""
    is_number = value.plain and isinstance(value.content, str) and _NUMBER.fullmatch(value.content)
    return port_number(value, what) if is_number else port_name(value, what)


def protocol(value: Value) -> str:
    """Return the protocol of a port, which is TCP where it is not said."""
    found = value.get("protocol")
    said = "TCP" if found is None else text(value, "protocol")
    if found is not None and said not in PROTOCOLS:
        advice = f"legal are {', '.join(f'`{word}`' for word in PROTOCOLS)}"
        if said.upper() in PROTOCOLS:
            advice = f"write `{said.upper()}`: capitals count"
        raise refuse(found, f"protocol `{shown(said)}` is not known", "not a protocol of Kubernetes", advice)
    return said


def _rule(what: str) -> str:
    rules = {
        "names": "names have lower-case letters, digits and `-`",
        "labels": "keys and values have at most 63 letters, digits, `-`, `_` and `.`",
        "ports": "a port is a number without quotes, or a name of at most 15 letters, digits and `-`",
    }
    return rules[what]
