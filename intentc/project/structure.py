"""Compare a project file with its schema, and say each violation at the key or value that commits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from intentc.diagnostics import Diagnostic, Edit, Fix, error
from intentc.nearest import nearest
from intentc.project.reader import Value, shown

VERSION = 1
"""The version of the format that this program reads."""

_FEW = 12
"""How many legal keys are listed in a help."""

_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a number",
    "boolean": "`true` or `false`",
}


def is_of_another_version(root: Value) -> bool:
    """Tell whether the file says that it has a format of which this program knows nothing."""
    found = root.content.get("version") if isinstance(root.content, dict) else None
    return found is not None and type(found[1].content) is int and found[1].content != VERSION


def violations(root: Value, schema: str) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each violation; nothing is looked up outside the schema.

    A value that was refused before is passed over with all that stands in it. Of a file of another version,
    only the version is judged.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry

    if root.content is None and not root.refused:
        help_text = f"add `version`: the version of the format is {VERSION}"
        yield error("E607", "`version` is missing", root.span, "the file has no such key", help=help_text)
        return
    alone = is_of_another_version(root)
    # The empty registry refuses every reference that leaves the schema.
    validator = Draft202012Validator(json.loads(schema), registry=Registry())
    judged: set[tuple[int, int]] = set()
    for problem in validator.iter_errors(root.plain()):
        path = list(problem.absolute_path)
        if (alone and path != ["version"]) or _is_refused(root, path):
            continue
        if problem.validator in ("required", "minProperties") and _at(root, path).partial:
            continue
        for found in _explain(root, path, problem):
            place = (found.span.start, found.span.end) if found.span else (0, 0)
            if found.code in ("E605", "E606"):
                # The first says it: a value of the wrong type is no legal value either.
                if place in judged:
                    continue
                judged.add(place)
            yield found


def _explain(root: Value, path: list[str | int], problem: Any) -> Iterator[Diagnostic]:
    value = _at(root, path)
    kind = problem.validator
    if kind == "additionalProperties":
        yield from _unknown_keys(value, problem)
    elif kind == "required":
        yield from _missing_keys(root, path, problem)
    elif "propertyNames" in problem.absolute_schema_path:
        # The instance is the key itself; the path is that of the mapping around it.
        key = value.content[problem.instance][0] if isinstance(value.content, dict) else value
        fault = "is not known" if kind == "enum" else "is not a legal name"
        message = f"`{shown(problem.instance)}` {fault}"
        yield error("E606", message, key.span, _wanted(problem), help=_help(problem))
    elif kind == "type" or _is_of_wrong_type(value, problem):
        wanted = _types(problem)
        label = f"nothing is given, expected {wanted}" if value.content is None else f"expected {wanted}"
        yield error("E605", f"{_name(path)} is not {wanted}", value.span, label, help=_help(problem))
    elif kind in ("minItems", "minProperties", "minLength"):
        message, label = f"{_name(path)} is empty", "nothing stands in it"
        yield error("E606", message, value.span, label, help=_help(problem))
    else:
        message = f"`{_text(problem.instance)}` is not a legal value of {_key_name(path)}"
        yield error("E606", message, value.span, _wanted(problem), help=_help(problem))


def _is_of_wrong_type(value: Value, problem: Any) -> bool:
    """Tell whether a value misses all legal ones by its type alone, as a list does in place of a word."""
    if problem.validator == "enum":
        return value.content is None or isinstance(value.content, (dict, list))
    return problem.validator == "const" and type(value.content) is not type(problem.validator_value)


def _missing_keys(root: Value, path: list[str | int], problem: Any) -> Iterator[Diagnostic]:
    known = problem.schema.get("properties", {})
    # A misspelt key is complained of as unknown: then it is not missing as well.
    misspelt = {nearest(name, known) for name in problem.instance if name not in known}
    missing = [
        name for name in problem.validator_value if name not in problem.instance and name not in misspelt
    ]
    if not missing:
        return
    names = ", ".join(f"`{name}`" for name in missing)
    version = f": the version of the format is {VERSION}" if "version" in missing else ""
    label = "this has no such key" if path else "the file has no such key"
    key = _key(root, path)
    yield error("E607", f"{names} is missing", key.span, label, help=f"add {names}{version}")


def _unknown_keys(value: Value, problem: Any) -> Iterator[Diagnostic]:
    known = sorted(problem.schema.get("properties", {}))
    for name, (key, _) in value.content.items() if isinstance(value.content, dict) else ():
        if name in known:
            continue
        close = nearest(name, known)
        listing = f"legal keys are {', '.join(f'`{word}`' for word in known)}"
        help_texts: tuple[str, ...] = (
            (listing,) if len(known) <= _FEW else ("`intentc schema` prints every key",)
        )
        fixes: tuple[Fix, ...] = ()
        if close:
            help_texts = (f"a key with a similar name exists: `{close}`", *help_texts)
            fixes = (Fix(f"write `{close}`", (Edit(key.span, close),), safe=False),)
        message = f"key `{shown(name)}` is not known"
        yield error("E604", message, key.span, "no such key here", help=help_texts, fixes=fixes)


def _at(root: Value, path: list[str | int]) -> Value:
    value = root
    for step in path:
        if isinstance(value.content, dict):
            value = value.content[str(step)][1]
        elif isinstance(value.content, list) and isinstance(step, int):
            value = value.content[step]
    return value


def _is_refused(root: Value, path: list[str | int]) -> bool:
    return any(_at(root, path[:length]).refused for length in range(len(path) + 1))


def _key(root: Value, path: list[str | int]) -> Value:
    """Return the key under which the value at `path` stands, or the value's own first key at the top."""
    around = _at(root, path[:-1]) if path else root
    if path and isinstance(around.content, dict):
        return around.content[str(path[-1])][0]
    if isinstance(around.content, dict) and around.content:
        return next(iter(around.content.values()))[0]
    return around


def _key_name(path: list[str | int]) -> str:
    keys = [step for step in path if isinstance(step, str)]
    return f"`{shown(keys[-1])}`" if keys else "the project file"


def _name(path: list[str | int]) -> str:
    inside = "an item of " if path and isinstance(path[-1], int) else ""
    return f"{inside}{_key_name(path)}"


def _types(problem: Any) -> str:
    wanted = problem.validator_value
    if problem.validator == "enum":
        return _WORDS["string"]
    if problem.validator == "const":
        return _WORDS["integer"]
    names = [wanted] if isinstance(wanted, str) else [name for name in wanted if name != "null"]
    return " or ".join(_WORDS.get(name, name) for name in names)


def _wanted(problem: Any) -> str:
    if problem.validator == "enum":
        return "not one of the legal values"
    if problem.validator == "const":
        return f"only `{problem.validator_value}` is known"
    if problem.validator in ("minimum", "maximum"):
        return f"the {problem.validator} is {problem.validator_value}"
    return "not of the legal form"


def _help(problem: Any) -> tuple[str, ...]:
    is_one = not isinstance(problem.instance, (dict, list)) and problem.instance is not None
    if problem.validator == "enum":
        legal = [str(word) for word in problem.validator_value]
        close = nearest(_text(problem.instance), legal) if is_one else None
        listing = f"legal are {', '.join(f'`{word}`' for word in legal)}"
        kind = "value" if "propertyNames" not in problem.absolute_schema_path else "key"
        return (f"a {kind} with a similar name exists: `{close}`", listing) if close else (listing,)
    if problem.validator == "const" and isinstance(problem.instance, str):
        return (f"write the number: `{problem.validator_value}`",)
    if problem.validator == "type" and problem.validator_value == "array" and is_one:
        return (f"write a list: `[{_text(problem.instance)}]`",)
    schema: Any = problem.schema
    description = str(schema.get("description", "")) if isinstance(schema, dict) else ""
    advice = f"{description[:1].lower()}{description[1:]}".rstrip(".")
    if problem.validator == "pattern":
        form = f"its form is `{problem.validator_value}`"
        return (f"{advice}; {form}" if advice else form,)
    return (advice or "`intentc schema` prints every key",)


def _text(value: object) -> str:
    """Return a value as the user wrote it, cut to a line; a list or a mapping is not quoted."""
    words = {True: "true", False: "false", None: "null"}
    if isinstance(value, (dict, list)):
        return "…"
    return words[value] if value is None or isinstance(value, bool) else shown(str(value))
