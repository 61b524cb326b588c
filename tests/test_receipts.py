"""A build that trusts a receipt ends in the same bytes, words and exit code as one that does not."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

import intentc.cli
from intentc.cli import receipt

EDITS = int(os.environ.get("INTENTC_EDITS", "20"))
"""How many sequences of edits are tried; 1,000 take a quarter of an hour."""

PROFILE = "version: 1\nclusters:\n  prod: {{podCIDRs: [{pods}]}}\n  dev: {{}}\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "intentc" / "receipts"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.intent").write_text("shop -> data:5432\nshop -> data:5432\n")
    return folder


def build(*arguments: str) -> tuple[int, str]:
    """Run a build in this process; return exit code and words."""
    words = io.StringIO()
    with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
        try:
            intentc.cli._run(["build", *arguments])
        except SystemExit as end:
            return int(end.code or 0), words.getvalue()
    return 0, words.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_answered(project: Path) -> bool:
    return receipt.current(str(project)) is not None


def test_the_second_build_says_the_same_without_compiling(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_answered(project)
    _, first = build(str(project))
    assert is_answered(project)
    monkeypatch.setattr("intentc.cli.building.build", lambda _request: pytest.fail("it compiled"))
    code, second = build(str(project))
    assert code == 0
    assert "W302" in second
    assert second == first.replace("7 written, 0 unchanged", "0 written, 7 unchanged")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a line more": lambda root: (root / "a.intent").write_text("shop -> data:5433\n"),
    "a file more": lambda root: (root / "b.intent").write_text("a -> b:1\n"),
    "a file less": lambda root: (root / "a.intent").unlink(),
    "a profile": lambda root: (root / "intentc.yaml").write_text("version: 1\n"),
    "a byte of the output": lambda root: (root / "generated/default/kubernetes/shop.yaml").write_text("x"),
    "output removed": lambda root: (root / "generated/default/kubernetes/shop.yaml").unlink(),
    "a foreign file": lambda root: (root / "generated/default/kubernetes/mine.yaml").write_text("x"),
    "a hidden foreign file": lambda root: (root / "generated/.mine").write_text("x"),
    "the record of the output": lambda root: (root / "generated/.intentc-manifest.json").write_text("{}"),
    "a source that is a link": lambda root: link(root / "a.intent"),
    "output that is a link": lambda root: link(root / "generated/default/kubernetes/shop.yaml"),
    "a folder that is a link": lambda root: link(root / "generated/default/kubernetes"),
}


def link(path: Path) -> None:
    """Move a file or a folder out of the project and leave a link to it."""
    away = path.parents[-2] if not path.parents else Path(os.environ["XDG_CACHE_HOME"]).parent / "away"
    shutil.move(path, away)
    path.symlink_to(away)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_seen(change: str, project: Path) -> None:
    build(str(project))
    assert is_answered(project)
    CHANGES[change](project)
    assert not is_answered(project)


def test_changed_code_is_seen(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(str(project))
    monkeypatch.setattr(receipt, "_code", lambda: "another")
    assert not is_answered(project)


def test_another_width_and_another_way_to_the_project_are_other_words(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    build(str(project))
    monkeypatch.setenv("COLUMNS", "50")
    assert not is_answered(project)
    monkeypatch.delenv("COLUMNS")
    assert is_answered(project)
    monkeypatch.chdir(project)
    assert receipt.current(".") is None


def test_what_depends_on_the_day_leaves_no_receipt(project: Path) -> None:
    (project / "a.intent").write_text("shop -> data:5432 until 2999-01-01\n")
    build(str(project))
    assert not is_answered(project)


def test_what_is_asked_for_otherwise_leaves_no_receipt(project: Path) -> None:
    for arguments in (["--no-cache"], ["--target", "kubernetes"], ["-o", str(project / "other")]):
        assert build(str(project), *arguments)[0] == 0
        assert not is_answered(project)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"look": 1}',
        "[" * 100_000,
        '{"inputs": {"../../etc/passwd": [1, "x"]}}',
        "\udcff",
    ],
    ids=range(8),
)
def test_a_bad_receipt_is_none(text: str, project: Path, cache: Path) -> None:
    build(str(project))
    (found,) = cache.iterdir()
    found.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert not is_answered(project)
    assert build(str(project))[0] == 0
    assert is_answered(project)


def test_threat_24_every_flipped_byte_of_a_receipt_is_a_miss(project: Path, cache: Path) -> None:
    build(str(project))
    (found,) = cache.iterdir()
    right = found.read_bytes()
    for place in range(0, len(right), 7):
        found.write_bytes(right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :])
        assert not is_answered(project), place
    found.write_bytes(right)
    assert is_answered(project)


def test_every_wrong_value_of_a_receipt_is_a_miss(project: Path, cache: Path) -> None:
    build(str(project))
    (found,) = cache.iterdir()
    right = json.loads(found.read_text().partition("\n")[2])

    def write(document: object) -> None:
        text = json.dumps(document)
        found.write_text(f"{sha256(text.encode()).hexdigest()}\n{text}")

    write(right)
    assert is_answered(project)
    for key in right:
        for wrong in (None, 1, "x", [], {"a": 1}, {"a": [1]}, [["a"]]):
            if key != "said" or not isinstance(wrong, str):
                write({**right, key: wrong})
                assert not is_answered(project), (key, wrong)
        write({name: value for name, value in right.items() if name != key})
        assert not is_answered(project), key


def test_a_cache_that_others_can_write_to_is_not_read(project: Path, cache: Path) -> None:
    build(str(project))
    cache.chmod(0o777)
    assert not is_answered(project)
    cache.chmod(0o700)
    assert is_answered(project)
    shutil.move(cache, cache.parent / "moved")
    cache.symlink_to(cache.parent / "moved")
    assert not is_answered(project)


def test_without_a_place_for_a_cache_a_build_works(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert build(str(project))[0] == 0
    assert not is_answered(project)


def edit(root: Path, rng: random.Random) -> None:
    """Change something at random, as people and other programs do."""
    lines = [
        f"n{rng.randrange(4)} -> m{rng.randrange(4)}:{80 + rng.randrange(3)}" for _ in range(rng.randrange(4))
    ]
    sources = sorted(root.glob("*.intent"))
    outputs = sorted(path for path in (root / "generated").rglob("*") if path.is_file())
    choice = rng.randrange(8)
    if choice <= 2:
        (root / f"{rng.choice('abc')}.intent").write_text("".join(f"{line}\n" for line in lines))
    elif choice == 3 and sources:
        rng.choice(sources).unlink()
    elif choice == 4:
        (root / "intentc.yaml").write_text(PROFILE.format(pods=rng.choice(["10.8.0.0/14", "10.12.0.0/14"])))
    elif choice == 5:
        (root / "intentc.yaml").unlink(missing_ok=True)
    elif choice == 6 and outputs:
        path = rng.choice(outputs)
        path.write_bytes(path.read_bytes() + b"# by hand\n")
    elif choice == 7 and outputs:
        rng.choice(outputs).unlink()


def test_edits_in_any_order_end_in_what_a_clean_build_makes(tmp_path: Path) -> None:
    answered = built = 0
    for seed in range(EDITS):
        rng = random.Random(seed)
        ours, clean = tmp_path / f"{seed}" / "x", tmp_path / f"{seed}-clean" / "x"
        for root in (ours, clean):
            root.mkdir(parents=True)
            (root / "a.intent").write_text("n1 -> m1:80\n")
        for _ in range(6):
            state = rng.getstate()
            for root in (ours, clean):
                rng.setstate(state)
                edit(root, rng)
            answered += is_answered(ours)
            first = build(str(ours))
            second = build(str(clean), "--no-cache")
            assert first[0] == second[0]
            assert first[1].replace(str(ours), "") == second[1].replace(str(clean), "")
            assert tree(ours) == tree(clean)
            built += first[0] == 0
        shutil.rmtree(ours.parent)
        shutil.rmtree(clean.parent)
    assert answered, "no receipt was ever trusted"
    assert built > answered, "nothing was ever built"
