"""Compare a project file with its schema, and say each violation at the key or value that commits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from intentc.diagnostics import Diagnostic, Edit, Fix, error
from intentc.nearest import nearest
from intentc.project.reader import Value

_FEW = 12
"""How many legal keys are listed in a help."""

_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a number",
    "boolean": "`true` or `false`",
}


def violations(root: Value, schema: str) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each violation; nothing is looked up outside the schema."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(schema))
    for problem in validator.iter_errors(root.plain()):
        yield from _explain(root, problem)


def _explain(root: Value, problem: Any) -> Iterator[Diagnostic]:
    path = list(problem.absolute_path)
    value = _at(root, path)
    kind = problem.validator
    if kind == "additionalProperties":
        yield from _unknown_keys(value, problem)
    elif kind == "required":
        missing = [name for name in problem.validator_value if name not in problem.instance]
        names = ", ".join(f"`{name}`" for name in missing)
        key = _key(root, path)
        help_text = f"add {names}" + (": the version of the format is 1" if "version" in missing else "")
        label = "this has no such key" if path else "the file has no such key"
        yield error("E607", f"{names} is missing", key.span, label, help=help_text)
    elif "propertyNames" in problem.absolute_schema_path:
        # The instance is the key itself; the path is that of the mapping around it.
        key = value.content[problem.instance][0] if isinstance(value.content, dict) else value
        yield error(
            "E606",
            f"`{_text(problem.instance)}` is not a legal name",
            key.span,
            _wanted(problem),
            help=_help(problem),
        )
    elif kind == "type":
        yield error(
            "E605",
            f"{_name(path)} is not {_types(problem)}",
            value.span,
            f"expected {_types(problem)}",
            help=_help(problem),
        )
    elif kind in ("minItems", "minProperties", "minLength"):
        yield error(
            "E606", f"{_name(path)} is empty", value.span, "nothing stands in it", help=_help(problem)
        )
    else:
        shown = _text(problem.instance)
        yield error(
            "E606",
            f"`{shown}` is not a legal value of {_name(path)}",
            value.span,
            _wanted(problem),
            help=_help(problem),
        )


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
        yield error(
            "E604",
            f"key `{_text(name)}` is not known",
            key.span,
            "no such key here",
            help=help_texts,
            fixes=fixes,
        )


def _at(root: Value, path: list[str | int]) -> Value:
    value = root
    for step in path:
        if isinstance(value.content, dict):
            value = value.content[str(step)][1]
        elif isinstance(value.content, list) and isinstance(step, int):
            value = value.content[step]
    return value


def _key(root: Value, path: list[str | int]) -> Value:
    """Return the key under which the value at `path` stands, or the value's own first key at the top."""
    around = _at(root, path[:-1]) if path else root
    if path and isinstance(around.content, dict):
        return around.content[str(path[-1])][0]
    if isinstance(around.content, dict) and around.content:
        return next(iter(around.content.values()))[0]
    return around


def _name(path: list[str | int]) -> str:
    keys = [str(step) for step in path if isinstance(step, str)]
    return f"`{_text(keys[-1])}`" if keys else "the project file"


def _types(problem: Any) -> str:
    wanted = problem.validator_value
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
    if problem.validator == "enum":
        legal = [str(word) for word in problem.validator_value]
        close = nearest(str(problem.instance), legal)
        listing = f"legal are {', '.join(f'`{word}`' for word in legal)}"
        return (f"a value with a similar name exists: `{close}`", listing) if close else (listing,)
    if problem.validator == "type" and problem.validator_value == "array":
        return (f"write a list: `[{_text(problem.instance)}]`",)
    schema: Any = problem.schema
    description = str(schema.get("description", "")) if isinstance(schema, dict) else ""
    advice = f"{description[:1].lower()}{description[1:]}".rstrip(".")
    if problem.validator == "pattern":
        form = f"its form is `{problem.validator_value}`"
        return (f"{advice}; {form}" if advice else form,)
    return (advice or "`intentc schema` prints every key",)


def _text(value: object) -> str:
    """Return a value as the user wrote it, cut to a line."""
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
