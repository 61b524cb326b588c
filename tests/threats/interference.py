"""Free texts in the place of others: whatever they hold, nothing else of the output changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import yaml

from intentc.compiler import Options, compile_files
from tests.readback import CLUSTER
from tests.tools.hcl import parse_hcl

FRAGMENTS = (
    *(
        '"',
        "'",
        "\\",
        "\\n",
        "\\x41",
        "\\u0041",
        "\\U0001f600",
        "${",
        "$${",
        "%{",
        "%%{",
        "}",
        "{{",
        "}}",
        "{%",
        "%}",
    ),
    *(
        "#",
        " #",
        ": ",
        "- ",
        "---",
        "...",
        "&a",
        "*a",
        "!!python/object:os.system",
        "|",
        ">",
        "<<",
        "? ",
        "@",
        "`",
    ),
    *(
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "&lt;",
        "]]>",
        "[x](y)",
        "**",
        "~~~",
        "```",
        "://",
        "%0A",
        "::error::",
    ),
    *(
        "kind: Secret",
        "spec: {}",
        "egress:",
        "ports: []",
        "cidr: 0.0.0.0/0",
        "source_ranges = []",
        "allow {",
        "EOT",
    ),
    *(
        "file(",
        "env.",
        "var.x",
        "null",
        "true",
        "yes",
        "0x1F",
        "1e3",
        "~",
        "=",
        ",",
        ";",
        "//",
        "/*",
        "*/",
        "$(id)",
    ),
    *("é", "日本", "ß", "Ω", "😀", "e\u0301", "\u0627", "\u0434"),
    *(
        "because",
        "owner",
        "x",
        "y ",
        " z",
        "0",
        "(",
        ")",
        "[",
        "]",
        "<",
        "?",
        "!",
        "^",
        "|",
        "+",
        "-",
        "_",
        ".",
    ),
)
"""What some reader gives a meaning of its own."""

PER_BUILD = 900
"""How many texts stand in one build: three in each line."""

NEUTRAL = "neutral"
ANNOTATIONS = ("intentc.io/because", "intentc.io/owner", "intentc.io/ticket")


def payloads(seed: int) -> Iterator[str]:
    """Yield texts without end."""
    chance = random.Random(seed)
    while True:
        text = "".join(chance.choices(FRAGMENTS, k=chance.choice((1, 1, 2, 3, 4, 6)))).strip()
        if text:
            yield text


def program(texts: list[str]) -> str:
    """Return one line for three texts, each line with ends of its own."""
    lines = []
    for number in range(0, len(texts), 3):
        because, owner, ticket = (json.dumps(text, ensure_ascii=False) for text in texts[number : number + 3])
        source = f"a[app=x{number}]" if number % 9 else f"203.0.{number // 250}.{number % 250}/32"
        clauses = f"because {because} owner {owner} ticket {ticket}"
        lines.append(f"{source} -> b[app=y{number}]:{1 + number}  {clauses}\n")
    return "".join(lines)


def read(texts: list[str]) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return what a build with these texts holds without them, its annotations, and its descriptions."""
    files = {"intentc.yaml": CLUSTER.encode(), "a.intent": program(texts).encode()}
    result = compile_files(files, Options())
    errors = [item for item in result.diagnostics if item.severity == "error"]
    if errors:
        raise AssertionError(f"{errors[0].message} at {errors[0].span}")
    trees: dict[str, Any] = {}
    annotations: list[str] = []
    descriptions: list[str] = []
    for artifact in result.artifacts:
        if artifact.path.endswith(".yaml"):
            documents = list(yaml.load_all(artifact.content, yaml.CSafeLoader))
            for document in documents:
                carried = document["metadata"]["annotations"]
                annotations.extend(carried.pop(key) for key in ANNOTATIONS if key in carried)
            trees[artifact.path] = documents
        elif artifact.path.endswith("firewall.tf"):
            tree = parse_hcl(artifact.content.decode())
            rules = tree["resource"]["google_compute_firewall"].values()
            descriptions.extend(rule[0].pop("description") for rule in rules)
            trees[artifact.path] = tree
        elif artifact.path.endswith(".tf"):
            trees[artifact.path] = artifact.content
    return trees, annotations, descriptions


def interferences(texts: list[str]) -> list[str]:
    """Return what is wrong where these texts stand in the place of neutral ones."""
    plain, _, _ = read([NEUTRAL] * len(texts))
    trees, annotations, descriptions = read(texts)
    wrong = []
    if trees != plain:
        wrong.append("something besides the texts has changed")
    missing = set(texts) - set(annotations)
    if missing:
        wrong.append(f"{len(missing)} texts do not come out as they went in, such as {min(missing)!r}")
    if not descriptions:
        wrong.append("no description to look at")
    return wrong
