"""The small changes of one module's source, each a syntax tree that differs in one place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


_WORDS = ("error", "Origin", "Literal", "compile", "Unreadable", "_refuse")
"""What is called to say something; a change of what it says is no change of behaviour."""


@dataclass(frozen=True)
class Change:
    """One change: what it is, where it stands, and the whole module with it."""

    what: str
    line: int
    tree: ast.Module


def changes(source: str) -> Iterator[Change]:
    """Yield every change of a module that this tool knows, in the order of its lines."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    texts = _documentation(tree)
    for place, node in enumerate(nodes):
        for what, change in _ways(node, texts):
            twin = copy.deepcopy(tree)
            change(list(ast.walk(twin))[place])
            yield Change(what, getattr(node, "lineno", 0), ast.fix_missing_locations(twin))


def _documentation(tree: ast.Module) -> set[int]:
    """Return the identities of constants that are documentation, messages or annotations: no behaviour."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            found.update(id(part) for part in ast.walk(node))
        for field in ("annotation", "returns"):
            found.update(id(part) for part in ast.walk(getattr(node, field, None) or ast.Pass()))
        if isinstance(node, ast.Call) and _called(node) in _WORDS:
            found.update(id(part) for part in ast.walk(node))
    return found


def _called(node: ast.Call) -> str:
    """Return the name of what is called, without what it belongs to."""
    return str(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))


def _ways(node: ast.AST, texts: set[int]) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    if id(node) in texts:
        return
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPPED:
        yield "comparison turned round", _turn_comparison
    if isinstance(node, ast.BoolOp):
        yield "and/or exchanged", _exchange_and_or
    if isinstance(node, (ast.If, ast.IfExp)):
        yield "condition always true", _always(value=True)
        yield "condition always false", _always(value=False)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not removed", _remove_not
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        yield f"{node.value} becomes {node.value + 1}", _add_one
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield f"{node.value!r} becomes another text", _another_text
    if isinstance(node, ast.Tuple) and len(node.elts) > 1 and isinstance(node.ctx, ast.Load):
        yield "first of a tuple dropped", _drop_first
        yield "first two of a tuple exchanged", _exchange_elements
    if isinstance(node, ast.Call) and len(node.args) > 1:
        yield "first two arguments exchanged", _exchange_arguments
    if isinstance(node, (ast.FunctionDef, ast.If, ast.For)):
        for index, statement in enumerate(node.body):
            if isinstance(statement, (ast.Expr, ast.AugAssign)) and not isinstance(
                getattr(statement, "value", None), ast.Constant
            ):
                yield f"statement {ast.unparse(statement)[:60]!r} dropped", _drop(index)


def _turn_comparison(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _SWAPPED[type(node.ops[0])]()


def _exchange_and_or(node: ast.AST) -> None:
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _always(*, value: bool) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        if isinstance(node, (ast.If, ast.IfExp)):
            node.test = ast.Constant(value)

    return change


def _remove_not(node: ast.AST) -> None:
    if isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


def _add_one(node: ast.AST) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        node.value += 1


def _another_text(node: ast.AST) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node.value += "x"


def _drop_first(node: ast.AST) -> None:
    if isinstance(node, ast.Tuple):
        del node.elts[0]


def _exchange_elements(node: ast.AST) -> None:
    if isinstance(node, ast.Tuple):
        node.elts[0], node.elts[1] = node.elts[1], node.elts[0]


def _exchange_arguments(node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        node.args[0], node.args[1] = node.args[1], node.args[0]


def _drop(index: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        if isinstance(node, (ast.FunctionDef, ast.If, ast.For)):
            node.body[index] = ast.copy_location(ast.Pass(), node.body[index])

    return change
