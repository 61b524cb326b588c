"""Output edited at random: where the model sees another meaning, `intentc verify` must see one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from intentc.compiler import ClusterResult, Options, compile_program, parse_files
from intentc.ir import Artifact
from intentc.prove.proof import prove
from tests.model.harness import Difference, differences, emitted, profile
from tests.model.places import WORLD
from tests.model.programs import any_program
from tests.model.wording import files
from tests.model.world import Cluster

Edit = Callable[[Random, str], str]
Output = dict[str, bytes]

OPPOSITES = (
    *(('"In"', '"NotIn"'), ('"Exists"', '"DoesNotExist"'), ('"Egress"', '"Ingress"')),
    *(("egress:", "ingress:"), ("- to:", "- from:"), ('"TCP"', '"UDP"'), ('"tcp"', '"udp"')),
    *(('"INGRESS"', '"EGRESS"'), ("allow {", "deny {"), ("source_ranges", "destination_ranges")),
    *(("namespaceSelector:", "podSelector:"), ("target_tags", "target_service_accounts")),
)
FIELDS = ("port: 443\n          ", "endPort: 65535\n          ", "disabled = true\n  ", "priority = 900\n  ")


@dataclass(frozen=True)
class Edited:
    """One edited output: what the model says changed, and the codes of what the prover reports."""

    seed: int
    what: str
    place: str
    differences: tuple[Difference, ...]
    codes: tuple[str, ...]


# --- Edits --------------------------------------------------------------------------------------------------


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends."""
    return text.splitlines(keepends=True)


def block_at(lines: list[str], start: int) -> int:
    """Return the end of what hangs on a line: those below it that are indented deeper."""
    margin = len(lines[start]) - len(lines[start].lstrip(" "))
    end = start + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip(" ")) > margin:
        end += 1
    return end


def drop_line(random: Random, text: str) -> str:
    """Leave out a line."""
    lines = lines_of(text)
    del lines[random.randrange(len(lines))]
    return "".join(lines)


def drop_block(random: Random, text: str) -> str:
    """Leave out a line with all that hangs on it."""
    lines = lines_of(text)
    start = random.randrange(len(lines))
    del lines[start : block_at(lines, start)]
    return "".join(lines)


def move_block(random: Random, text: str) -> str:
    """Put a line with all that hangs on it where another one stands, or a copy of it."""
    lines = lines_of(text)
    start = random.randrange(len(lines))
    end = block_at(lines, start)
    piece = lines[start:end]
    if random.random() < 0.5:
        del lines[start:end]
    margin = len(piece[0]) - len(piece[0].lstrip(" "))
    places = [n for n, line in enumerate(lines) if len(line) - len(line.lstrip(" ")) == margin] or [0]
    place = random.choice(places)
    return "".join([*lines[:place], *piece, *lines[place:]])


def swap_lines(random: Random, text: str) -> str:
    """Exchange two lines."""
    lines = lines_of(text)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def other_number(random: Random, text: str) -> str:
    """Write another number in the place of one."""
    found = list(re.finditer("[0-9]+", text))
    if not found:
        return text
    number = random.choice(found)
    value = int(number[0])
    new = random.choice((value + 1, max(0, value - 1), value * 2, value // 2, 53, 80, 8443, 0))
    return f"{text[: number.start()]}{new}{text[number.end() :]}"


def other_text(random: Random, text: str) -> str:
    """Write another quoted text of the file in the place of one, or a slight change of it."""
    found = list(re.finditer('"[^"\n]*"', text))
    if not found:
        return text
    one, other = random.choice(found), random.choice(found)
    new = random.choice((other[0], other[0], other[0], '""', f'{one[0][:-1]}x"'))
    return f"{text[: one.start()]}{new}{text[one.end() :]}"


def opposite(random: Random, text: str) -> str:
    """Write the opposite of a word."""
    pairs = [pair for both in OPPOSITES for pair in (both, both[::-1]) if pair[0] in text]
    if not pairs:
        return text
    old, new = random.choice(pairs)
    place = random.choice([found.start() for found in re.finditer(re.escape(old), text)])
    return f"{text[:place]}{new}{text[place + len(old) :]}"


def or_for_and(random: Random, text: str) -> str:
    """Make two peers of one that has two selectors, or the reverse."""
    one, other = "          podSelector:", "        - podSelector:"
    if random.random() < 0.3:
        one, other = "        - namespaceSelector:", "          namespaceSelector:"
    places = [found.start() for found in re.finditer(re.escape(one), text)]
    if not places:
        return text
    place = random.choice(places)
    return f"{text[:place]}{other}{text[place + len(one) :]}"


def another_field(random: Random, text: str) -> str:
    """Put a field before another one."""
    field = random.choice(FIELDS)
    key = "protocol:" if ":" in field else "direction"
    places = [found.start() for found in re.finditer(key, text)]
    if not places:
        return text
    place = random.choice(places)
    return f"{text[:place]}{field}{text[place:]}"


EDITS: tuple[Edit, ...] = (
    *(drop_line, drop_block, move_block, swap_lines, other_number),
    *(other_text, opposite, or_for_and, another_field),
)


# --- Runs ---------------------------------------------------------------------------------------------------


def outputs(seed: int) -> Iterator[tuple[ClusterResult, Cluster, Output]]:
    """Yield what a random program becomes on each of its clusters."""
    program = any_program(seed)
    texts = files(program)
    sources = {path: text.encode() for path, text in sorted(texts.items()) if path.endswith(".intent")}
    parsed, found = parse_files(sources)
    result = compile_program(parsed, profile(texts.get("intentc.yaml", "")), Options(), found)
    for cluster in result.clusters:
        name = cluster.profile.name
        place = program.places[name].cluster
        yield cluster, place, {a.path.removeprefix(f"{name}/"): a.content for a in cluster.artifacts}


def edited(seed: int, count: int) -> Iterator[Edited]:
    """Yield what became of `count` edits of each output of a program, where the model can read them."""
    random = Random(seed)
    for result, cluster, output in outputs(seed):
        before = emitted(output, cluster, WORLD)
        paths = sorted(path for path in output if path.endswith((".yaml", "/firewall.tf")))
        for _ in range(count if paths else 0):
            path, edit = random.choice(paths), random.choice(EDITS)
            old = output[path].decode()
            new = edit(random, old)
            if new == old:
                continue
            changed = {**output, path: new.encode()}
            try:
                after = emitted(changed, cluster, WORLD)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                continue  # the model reads what we write and little else; such files mean nothing to it
            found = tuple(differences(before, after, cluster, WORLD))
            yield Edited(seed, edit.__name__, path, found, tuple(verdict(result, changed)))


def verdict(result: ClusterResult, output: Output) -> list[str]:
    """Return the codes of what `intentc verify` would say of an output."""
    artifacts = [Artifact(path, data) for path, data in sorted(output.items()) if "/" in path]
    _, found = prove(artifacts, result.policy, result.profile, own_shape=False, shown=None)
    return sorted({diagnostic.code for diagnostic in found})


def missed(seeds: Iterable[int], count: int) -> Iterator[Edited]:
    """Yield the edits that change the meaning and that nobody reports."""
    for seed in seeds:
        yield from (each for each in edited(seed, count) if each.differences and not each.codes)
