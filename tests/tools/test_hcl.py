"""The tools of the tests tell good HCL from bad: a golden test that trusts them could not fail otherwise."""

import shutil
from pathlib import Path

import pytest

from tests.tools import development, hcl

CANONICAL = 'resource "kind" "name" {\n  ports  = ["80-90"]\n  target = var.target\n}\n'


def write(directory: Path, **texts: str) -> dict[str, Path]:
    paths = {name: directory / f"{name}.tf" for name in texts}
    for name, path in paths.items():
        path.write_bytes(texts[name].encode())
    return paths


def test_parse_returns_the_value_with_templates_as_the_parser_sees_them() -> None:
    text = 'resource "kind" "name" {\n  plain = "$${not} %%{a} template \\u00e9"\n  live = "${var.x}"\n}\n'
    value = hcl.parse_hcl(text)
    assert value == {
        "resource": {"kind": {"name": [{"plain": "$${not} %%{a} template é", "live": "${var.x}"}]}}
    }


def test_parse_fails_the_test_on_text_that_is_not_hcl() -> None:
    with pytest.raises(
        pytest.fail.Exception, match=r"main\.tf:1,11-12: Argument or block definition required"
    ):
        hcl.parse_hcl("resource {{", "main.tf")


def test_one_process_answers_many_texts_and_survives_bad_ones() -> None:
    answers = [hcl.ask(f"a = {number}\n" if number % 2 else "a = = 1") for number in range(100)]
    assert [answer.value for answer in answers] == [{"a": n} if n % 2 else None for n in range(100)]
    assert hcl._server.cache_info().currsize == 1


def test_fmt_check_names_exactly_the_files_out_of_form(tmp_path: Path) -> None:
    texts = {"aligned": CANONICAL, "ragged": CANONICAL.replace("ports  =", "ports =")}
    paths = write(tmp_path, **texts)
    (tmp_path / "with space").mkdir()
    spaced = write(tmp_path / "with space", tabs="a {\n\tb = 1\n}\n")
    assert hcl.fmt_check([*paths.values(), *spaced.values()]) == [paths["ragged"], spaced["tabs"]]
    assert hcl.fmt_check([paths["aligned"]]) == []
    assert hcl.fmt_check([]) == []


def test_fmt_check_needs_no_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, aligned=CANONICAL, ragged=CANONICAL.replace("  target", "target"))
    hcl.ask("")  # the process starts before PATH is emptied
    monkeypatch.setenv("PATH", "")
    assert shutil.which("terraform") is None
    assert hcl.fmt_check(paths.values()) == [paths["ragged"]]


def test_a_missing_tool_fails_and_never_skips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"run `\./dev tools`"):
        hcl._server.__wrapped__()


def test_the_packages_are_locked_by_hash() -> None:
    lock = (development.ROOT / "tests/tools/package-lock.json").read_text()
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')
