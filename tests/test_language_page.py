"""docs/language.md shows every construct of the grammar, and each of its examples compiles."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from lark import Lark, Token, Tree

from intentc.compiler import compile_texts
from intentc.formatter import layout
from intentc.parser import parse
from intentc.parser.lines import cut
from intentc.source import SourceFile
from tests.readback import CLUSTER

PAGE = (Path(__file__).parent.parent / "docs" / "language.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```intent\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
GRAMMAR = files("intentc.grammar").joinpath("intent.lark").read_text("utf-8")
NAMES = """batch billing cache data kafka kube-system legacy let metrics monitoring namespace-a namespace-b
nodes owner queue reporting shop via 'on' 'no' '08' '1e3'"""
NAMESPACES = "namespaces:\n  payments-api: {team: payments}\n" + re.sub(r"(\S+)\s*", r"  \1:\n", NAMES)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example_compiles(example: str) -> None:
    result = compile_texts({"intentc.yaml": CLUSTER + NAMESPACES, "a.intent": example}, today="2026-11-23")
    assert [f"{item.code} {item.message}" for item in result.diagnostics if item.severity == "error"] == []
    assert result.artifacts != ()


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_example_stays_what_it_is_when_formatted(example: str) -> None:
    source = SourceFile("a.intent", example)
    program, _ = parse(source)
    again = SourceFile("a.intent", layout(source, program))
    assert parse(again)[0] == program


def test_every_rule_and_terminal_of_the_grammar_is_shown() -> None:
    lark = Lark(GRAMMAR, start="line", parser="lalr", lexer="contextual", keep_all_tokens=True)
    seen: set[str] = set()
    for example in EXAMPLES:
        source = SourceFile("a.intent", example)
        for piece in cut(source).pieces:
            tree = lark.parse(example[piece.start : piece.end])
            for node in [tree] if isinstance(tree, Token) else tree.iter_subtrees():
                if isinstance(node, Tree):
                    seen.add(str(node.data))
                    seen.update(child.type for child in node.children if isinstance(child, Token))
    rules = set(re.findall(r"^[?!]*([a-z_]+):", GRAMMAR, re.MULTILINE)) - {"line", "endpoint", "tail"}
    terminals = set(re.findall(r"^([A-Z_]+)(?:\.[0-9]+)?:", GRAMMAR, re.MULTILINE))
    # A Service and a workload need manifests: their examples are in docs/manifests.md.
    assert rules | terminals <= seen | {"service", "workload"}
