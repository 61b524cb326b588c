"""The page on the output directory says what the code does."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

from intentc.output import errors
from intentc.output.manifest import Entry, Manifest
from intentc.output.tree import Difference

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/output.md").read_text()


def section(title: str) -> str:
    """Return the text below one heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_code_of_the_write_stage_is_explained_and_no_other() -> None:
    source = Path(errors.__file__).read_text()
    codes = set(re.findall(r'"(E5[0-9]{2})"', source))
    assert len(codes) > 5
    assert set(re.findall(r"E5[0-9]{2}", PAGE)) == codes


def test_every_kind_of_difference_is_explained() -> None:
    kinds = get_args(get_type_hints(Difference)["kind"])
    assert set(re.findall(r"^\| `([a-z]+)`", section("Checking"), re.MULTILINE)) == set(kinds)


def test_every_flag_that_a_message_offers_is_explained() -> None:
    offered = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", Path(errors.__file__).read_text()))
    assert len(offered) > 2
    assert {flag for flag in offered if flag not in PAGE} == set()


def test_the_manifest_looks_like_the_example() -> None:
    shown = "".join(
        line[4:] + "\n" for line in section("The manifest").splitlines() if line.startswith("    ")
    )
    digest = re.search(r'"sha256": "([^"]+)"', shown)
    assert digest
    entry = Entry("0" * 64, 1830)
    made = Manifest({"prod": 12}, {"prod/kubernetes/shop.yaml": entry}).encode().decode()
    assert made.replace(entry.digest, digest[1]) == shown
