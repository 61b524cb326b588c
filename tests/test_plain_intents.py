"""The fast lane for plain lines accepts nothing that the grammar refuses, and means what it means."""

from __future__ import annotations

import random
from pathlib import Path
from unittest.mock import patch

import pytest

from intentc.diagnostics import Diagnostic
from intentc.nodes import Comment, PlainIntent, Program
from intentc.parser import parse
from intentc.parser.plain import PlainReader
from intentc.parser.text import decode
from intentc.source import SourceFile

CORPUS = sorted((Path(__file__).parent / "language" / "corpus").rglob("*.intent"))
CASES = sorted((Path(__file__).parent / "cases").rglob("*.intent"))

LINES = (
    "shop -> data:5432",
    "shop[app=web] -> data[app=postgres]:5432",
    "shop[app=web,tier=front] -> data[app==postgres]:5432/udp",
    "  shop->data:metrics",
    "shop -> data:9093-9099 # why",
    "shop -> data:5432  ",
    "shop -> data:5432\r",
    "",
    "# alone",
    "   # indented",
    "shop, billing -> data:5432",
    "shop -> data:5432, 5433",
    "shop -> data:5432,",
    "-> data:5432",
    ":5432",
    "[app=web]",
    "    5433",
    "shop ->",
    "let data = shop",
    "let -> data:80",
    "with owner team {",
    "with -> data:80",
    "}",
    "nodes -> data:80",
    "shop -> nodes:80",
    "nodes-a -> data:80",
    "shop -> data:80 via nodeport 30080",
    "shop -> data:70000",
    "shop -> Data:80",
    "shop -> da_ta:80",
    "shop[app in (a, b)] -> data:80",
    "shop[app=] -> data:80",
    "shop[a/b/c=d] -> data:80",
    "shop[app=web -> data:80",
    "shop -> beef:80",
    "beef -> 1:2",
    "10.0.0.1 -> data:80",
    "shop -> 10.0.0.1:80",
    "shop -> data:80/tdp",
    "shop -> data:08443",
    "shop -> data:*",
    "* -> data:80",
    "assert deny shop -> data:81",
    "isolate shop",
    'shop -> data:80 because "x"',
    "on -> owner:80",
    "in -> notin:via",
)


def _without_plain(source: SourceFile) -> tuple[Program, tuple[Diagnostic, ...]]:
    with patch.object(PlainReader, "run", lambda _reader, line: (line, [], [])):
        return parse(source)


def _spans(value: object) -> str:
    """Return everything a tree says, positions included."""
    return repr(value).replace("PlainIntent(", "Intent(")


def _is_alike(text: str) -> int:
    source, problems = decode("a.intent", text.encode())
    assert source.text == text or problems
    plain, found = parse(source)
    slow, expected = _without_plain(source)
    assert found == expected, text
    assert [_spans(node) for node in plain.statements] == [_spans(node) for node in slow.statements], text
    assert [(c.text, c.span) for c in plain.comments] == [(c.text, c.span) for c in slow.comments], text
    assert plain == slow
    return sum(isinstance(node, PlainIntent) for node in plain.statements)


@pytest.mark.parametrize("path", [*CORPUS, *CASES], ids=str)
def test_files_read_alike(path: Path) -> None:
    data = path.read_bytes()
    try:
        _is_alike(data.decode())
    except UnicodeDecodeError:
        assert parse(decode("a.intent", data)[0])[0] == _without_plain(decode("a.intent", data)[0])[0]


def test_any_order_of_lines_reads_alike() -> None:
    rng = random.Random(9)
    taken = 0
    for _ in range(600):
        taken += _is_alike("\n".join(rng.choice(LINES) for _ in range(rng.randrange(1, 9))))
    assert taken > 200, "nothing was read the fast way, so nothing was compared"


def test_mutated_plain_lines_read_alike() -> None:
    rng = random.Random(10)
    letters = "abz09-_./:,;=![](){}#\"' \t@*>é\u200b"
    for _ in range(3000):
        text = rng.choice(LINES[:6])
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(letters) * rng.randrange(2) + text[at + rng.randrange(2) :]
        _is_alike(f"shop -> data:80\n{text}\nshop -> data:81\n")


def test_a_comment_of_a_plain_line_is_kept_once() -> None:
    program, _ = parse(SourceFile("a.intent", "a -> b:1 # one\n# two\nc -> d:2 # three\n"))
    assert program.comments == (
        Comment("# one", program.comments[0].span),
        Comment("# two", program.comments[1].span),
        Comment("# three", program.comments[2].span),
    )
