"""Two readers of NetworkPolicies: what the strict one accepts, the general one reads alike."""

from __future__ import annotations

import random
import time
from contextlib import suppress

import pytest
import yaml

from intentc.prove.canonical import Canonical
from intentc.prove.documents import PolicyDocument, Unreadable
from intentc.prove.hcl import Formula, Reference, read_blocks
from intentc.prove.policy_reader import read_policies
from intentc.prove.shapes import Shapes
from intentc.prove.yaml_tree import read_trees
from tests.prove_material import CROSSING_FILES, HEADER, PLAIN_FILES, document, pods, ports, selector

ANNOTATED = HEADER + document(
    "shop",
    "odd",
    selector("a=1|2", "a=1", "b!=x", "c", "!d"),
    "Egress",
    [
        ((pods("*", "app=web"), pods("*"), pods("x=1,y!=2|3")), ports("1-65535", "80/udp", "a-b/sctp")),
    ],
).replace(
    'wave": "0"\n',
    'wave": "-1"\n    "intentc.io/because": "\\"q\\" \\\\ \\n\\r\\t \\u00ad \\U0001f600 é → 中: # {x}"\n',
)
TEXTS = [text for path, text in (PLAIN_FILES | CROSSING_FILES).items() if path.endswith(".yaml")] + [
    ANNOTATED
]
PIECES = sorted(
    {line for text in TEXTS for line in text.splitlines(keepends=True)}
    | {
        "---\n",
        "...\n",
        "{}",
        "[]",
        '""',
        "'x'",
        "null",
        "~",
        "\t",
        " ",
        "  ",
        "\n",
        "#",
        "&a ",
        "*a",
        "!!str ",
        "? ",
        "<<",
        "\\",
        "\\u2028",
        "\\x41",
        "\u2028",
        "\x85",
        "\ufeff",
        "\r\n",
        "0x1f",
        "1e3",
        "on",
        "|\n",
        ">-\n",
        "%YAML 1.1\n",
    }
)
CHARACTERS = (
    "".join(sorted({character for text in TEXTS for character in text})) + "\t\r\\&*!|>%@`?<~'é\u2028"
)


def both_readings(text: str) -> tuple[tuple[PolicyDocument, ...] | None, tuple[PolicyDocument, ...] | None]:
    """Return what each reader makes of a text, or None where it refuses."""
    shapes = Shapes()
    content = text.encode("utf-8", "surrogatepass")
    strict = general = None
    with suppress(Unreadable):
        strict = Canonical(shapes).read("x.yaml", content)
    with suppress(Unreadable):
        general = tuple(document for document, _ in read_policies("x.yaml", content, shapes))
    return strict, general


def mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(10)
        lines = text.splitlines(keepends=True)
        here = chance.randrange(len(lines)) if lines else 0
        if kind == 0:
            text = text[:at] + chance.choice(CHARACTERS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + chance.choice(CHARACTERS) + text[at + 1 :]
        elif kind == 3:
            text = "".join([*lines[:here], chance.choice(PIECES), *lines[here:]])
        elif kind == 4:
            text = "".join([*lines[:here], *lines[here + 1 :]])
        elif kind == 5:
            other = chance.randrange(len(lines)) if lines else 0
            if lines:
                lines[here], lines[other] = lines[other], lines[here]
            text = "".join(lines)
        elif kind == 6:
            text = text[:at] + chance.choice(PIECES) + text[at:]
        elif kind == 7:
            blocks = text.split("    - ")
            chance.shuffle(blocks)
            text = "    - ".join(blocks)
        elif text:
            letters = [index for index, character in enumerate(text) if character.isalnum()]
            at = chance.choice(letters or [0])
            text = text[:at] + chance.choice("a0z9A.") + text[at + 1 :]
    return text


@pytest.mark.parametrize("text", TEXTS)
def test_both_readers_read_our_shape_and_agree(text: str) -> None:
    strict, general = both_readings(text)
    assert strict is not None
    assert strict == general


@pytest.mark.parametrize("text", TEXTS)
def test_the_general_tree_is_what_pyyaml_loads(text: str) -> None:
    assert [tree for _, tree in read_trees("x", text.encode())] == list(
        yaml.load_all(text, Loader=yaml.SafeLoader)
    )


@pytest.mark.parametrize("seed", range(8))
def test_what_the_strict_reader_accepts_the_general_one_reads_alike(seed: int) -> None:
    chance = random.Random(seed)
    accepted = refused = 0
    for _ in range(600):
        text = mutated(chance.choice(TEXTS), chance)
        strict, general = both_readings(text)
        if strict is None:
            refused += 1
            continue
        accepted += 1
        assert strict == general, text
    assert accepted > 25
    assert refused > 300


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: &x 1\nb: *x\n",
        "a: *x\n",
        "a: !!int 1\n",
        "%YAML 1.1\n---\na: 1\n",
        "--- {a: b}\n",
        'a: "b"\n--- "c"\n',
        "a: b\n--- |\n c\n",
        "a: b\n...\nc: d\n",
        "a: yes\n",
        "a: 0o7\n",
        "a: 1.5\n",
        "a: 2020-01-01\n",
        "a:\n",
        "a: ~\n",
        "a: 012\n",
        "a: 1_000\n",
        "a: -1\n",
        "a: +1\n",
        "a: .inf\n",
        "<<: {b: 1}\n",
        "[a]: 1\n",
        "1: a\n",
        "a: \x85b\n",
        "a: 1\rb: 2\n",
        "\ufeffa: 1\n",
        "a: '\u2028'\n",
        "a: [\n",
        "a: \x01\n",
        "a: =\n",
        "a: 1:2\n",
        "[" * 40 + "]" * 40,
        "a: null\n",
        "a: 0x1F\n",
    ],
)
def test_yaml_that_readers_disagree_about_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        list(read_trees("x.yaml", text.encode()))


@pytest.mark.parametrize(
    ("written", "leaves", "enters"),
    [
        ("", False, True),
        ("policyTypes: []", False, True),
        ("egress: [{}]", True, True),
        ("policyTypes: []\n  egress: [{}]", True, True),
        ("egress: []", False, True),
        ("ingress: [{}]", False, True),
        ("policyTypes: [Egress]", True, False),
        ("policyTypes: [Ingress]\n  egress: [{}]", False, True),
        ("policyTypes: [Egress, Ingress]", True, True),
    ],
)
def test_what_a_policy_isolates_follows_from_its_types_or_its_rules(
    written: str, leaves: bool, enters: bool
) -> None:
    """Kubernetes sets what is not written: Ingress always, Egress where there are rules for it."""
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\n"
    text = f"{head}spec:\n  podSelector: {{}}\n  {written}\n"
    ((found, _),) = read_policies("x.yaml", text.encode(), Shapes())
    assert (found.leaving is not None, found.entering is not None) == (leaves, enters)


def test_a_range_beside_a_selector_is_no_peer() -> None:
    head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\n"
    peer = "{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"
    text = f"{head}spec:\n  podSelector: {{}}\n  ingress: [{{from: [{peer}]}}]\n"
    with pytest.raises(Unreadable, match="beside a selector"):
        read_policies("x.yaml", text.encode(), Shapes())


def test_bytes_that_are_no_text_are_refused() -> None:
    for reader in (
        lambda data: list(read_trees("x", data)),
        lambda data: Canonical(Shapes()).read("x", data),
        lambda data: read_blocks("x", data),
    ):
        with pytest.raises(Unreadable):
            reader(b"a: \xff\n")


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_refused_at_once(depth: int) -> None:
    start = time.perf_counter()
    with pytest.raises(Unreadable):
        list(read_trees("x", b"[" * depth))
    with pytest.raises(Unreadable):
        read_blocks("x", b"a = " + b"[" * depth)
    assert time.perf_counter() - start < 2


# --- HCL ---------------------------------------------------------------------------------------------------


def test_hcl_values_are_what_they_say() -> None:
    (block,) = read_blocks(
        "x.tf",
        b'resource "a" "b-c" {\n  # why\n  text = "\\"x\\" \\\\ \\n $${a} %%{b} \\u00e9 $x %"\n'
        b"  number = 10\n"
        b'  truth = true\n  list = ["a", var.b,\n    1,\n  ]\n  none = []\n  type = list(string)\n'
        b"  shape = object({ a = [b] })\n"
        b'  object = {\n    k = "v"\n  }\n  inner {\n    x = a.b.c\n  }\n}\n',
    )
    assert (block.type, block.labels, block.line) == ("resource", ("a", "b-c"), 1)
    assert block.attributes == {
        "text": '"x" \\ \n ${a} %{b} é $x %',
        "number": 10,
        "truth": True,
        "list": ["a", Reference("var.b"), 1],
        "none": [],
        "type": Formula("list ( string )"),
        "shape": Formula("object ( { a = [ b ] } )"),
        "object": {"k": "v"},
    }
    assert block.blocks[0].attributes == {"x": Reference("a.b.c")}


@pytest.mark.parametrize(
    "text",
    [
        'a {\n  x = "${b}"\n}\n',
        'a {\n  x = "%{if b}"\n}\n',
        "a {\n  x = <<E\nb\nE\n}\n",
        "a {\n  x = 1\n  x = 2\n}\n",
        "a {\n",
        "a {\n  x = list(",
        "a {\n  x = 1 }\n",
        "a { x = 1 }\n",
        'a {\n  x = "b\n"\n}\n',
        'a {\n  x = "\\q"\n}\n',
        "a {\n  x = 1.5\n}\n",
        "a {\n  x =\n}\n",
        "a {\n  x = [1 2]\n}\n",
        "a {\n} b {\n}\n",
        "/* a */\n",
        "// a\n",
        "a {\n  x = 01\n}\n",
        'a {\n  x = "\\ud800"\n}\n',
        "x = 1\n",
        "a {\n  x = {\n    y = {\n",
        "a {\n  x = f(\n  1)\n}\n",
        "}\n",
        "a {\n  x = '1'\n}\n",
        "a {}\n",
        "\ufeffa {\n}\n",
        "a {\r\n}\r\n",
    ],
)
def test_hcl_that_we_do_not_write_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_blocks("x.tf", text.encode())


# --- Cost --------------------------------------------------------------------------------------------------


def large_file(subjects: int, peers: int) -> str:
    return HEADER + "".join(
        document(
            f"n{number}",
            f"p{number}",
            selector(f"app=a{number}"),
            "Egress",
            [
                ((pods(f"n{(number * 7 + peer) % subjects}", f"app=a{peer}"),), ports(str(80 + peer % 5)))
                for peer in range(peers)
            ],
        )
        for number in range(subjects)
    )


def seconds(action: object) -> float:
    best = 60.0
    for _ in range(5):
        start = time.process_time()
        assert callable(action)
        action()
        best = min(best, time.process_time() - start)
    return best


def test_the_strict_reader_takes_a_quarter_of_the_time_of_loading_yaml() -> None:
    content = large_file(150, 12).encode()
    strict = seconds(lambda: Canonical(Shapes()).read("x.yaml", content))
    loading = seconds(lambda: list(yaml.load_all(content, Loader=yaml.CSafeLoader)))
    assert strict * 4 < loading


def test_reading_time_grows_with_the_bytes() -> None:
    small, large = large_file(40, 12).encode(), large_file(320, 12).encode()
    factor = len(large) / len(small)
    taken = seconds(lambda: Canonical(Shapes()).read("x", large)) / seconds(
        lambda: Canonical(Shapes()).read("x", small)
    )
    assert taken < factor * 3
