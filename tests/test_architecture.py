"""The rules of the code base bind: each is shown to reject what it is there to reject."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import development

ROOT = development.ROOT
SOURCES = sorted((ROOT / "intentc").rglob("*.py"))
LINTER = development.load().program("lint-imports")

# Each of these imports breaks a rule: importer, imported, and words of the contract that says so.
FORBIDDEN_IMPORTS = [
    ("source", "intentc.diagnostics", "stages are layers"),
    ("diagnostics", "intentc.nodes", "stages are layers"),
    ("ir", "intentc.profile", "stages are layers"),
    ("nodes", "intentc.ir", "stages are layers"),
    ("nodes", "intentc.parser", "stages are layers"),
    ("parser", "intentc.analysis", "stages are layers"),
    ("parser", "intentc.compiler", "stages are layers"),
    ("backends", "intentc.checks", "stages are layers"),
    ("output", "intentc.answers", "stages are layers"),
    ("compiler", "intentc.output", "stages are layers"),
    ("compiler", "intentc.cli", "stages are layers"),
    ("backends", "intentc.nodes", "never see the syntax tree"),
    ("checks", "intentc.nodes", "never see the syntax tree"),
    ("prove", "intentc.backends", "the prover shares no code"),
    ("prove", "intentc.analysis", "the prover shares no code"),
    ("analysis", "lark", "lark is imported by the parser only"),
    ("output", "jinja2", "jinja2 is imported by the backends and the answers only"),
    ("compiler", "typer", "typer and what it brings"),
    ("output", "rich", "typer and what it brings"),
    ("cli", "jsonschema", "jsonschema is imported by the project reader only"),
    ("backends", "yaml", "yaml is imported by project, manifests and the prover only"),
]
ALLOWED_IMPORTS = [
    ("cli", "intentc.output"),
    ("cli", "typer"),
    ("answers", "intentc.compiler"),
    ("answers", "jinja2"),
    ("compiler", "intentc.prove"),
    ("compiler", "intentc.parser"),
    ("parser", "intentc.nodes"),
    ("parser", "lark"),
    ("analysis", "intentc.nodes"),
    ("backends", "intentc.ir"),
    ("backends", "jinja2"),
    ("project", "jsonschema"),
    ("project", "yaml"),
    ("prove", "yaml"),
    ("ir", "intentc.diagnostics"),
    ("diagnostics", "intentc.source"),
]


def settings() -> str:
    return (ROOT / "pyproject.toml").read_text()


def layer_names() -> list[str]:
    contracts = tomllib.loads(settings())["tool"]["importlinter"]["contracts"]
    return re.findall(r"\w+", " ".join(contracts[0]["layers"]))


def broken_contracts(directory: Path, imports: list[tuple[str, str]], *extra: str) -> set[str]:
    """Return the names of the contracts that a made-up package breaks, of all modules and these imports."""
    shutil.rmtree(directory / "intentc", ignore_errors=True)
    for module in ["", *layer_names(), *extra]:
        package = directory / "intentc" / module
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    for number, (importer, imported) in enumerate(imports):
        (directory / "intentc" / importer / f"planted_{number}.py").write_text(f"import {imported}\n")
    (directory / "pyproject.toml").write_text(settings())
    done = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"],
        cwd=directory,
        env={"PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    broken = re.findall(r"(.+) BROKEN", done.stdout)
    assert f"{len(broken)} broken." in done.stdout, done
    assert (done.returncode == 0) == (not broken)
    return set(broken)


def test_the_allowed_imports_break_no_contract(tmp_path: Path) -> None:
    assert broken_contracts(tmp_path, ALLOWED_IMPORTS) == set()


@pytest.mark.parametrize(("importer", "imported", "contract"), FORBIDDEN_IMPORTS)
def test_a_forbidden_import_breaks_its_contract(
    importer: str, imported: str, contract: str, tmp_path: Path
) -> None:
    broken = broken_contracts(tmp_path, [*ALLOWED_IMPORTS, (importer, imported)])
    assert [name for name in broken if contract in name]


def test_a_module_without_a_layer_breaks_the_layers(tmp_path: Path) -> None:
    (broken,) = broken_contracts(tmp_path, [], "stray")
    assert broken.startswith("stages are layers")


# What must not appear in the compiler, why, and lines that show that the pattern finds it.
FORBIDDEN_CODE = {
    r"\bre\.match\(": (
        "`$` accepts a line end at the end, and match needs no end at all: use fullmatch",
        ["if re.match(r'[a-z]+$', name):"],
    ),
    r"\bfrom_string\(": (
        "templates come from the package, never from text",
        ["environment.from_string(text)"],
    ),
    r"\b(pickle|marshal|shelve)\b": ("loading it runs code", ["import pickle", "from shelve import open"]),
    r"(?<![\w.])(eval|exec)\(": ("input is data", ["eval(text)", "x = exec(text)"]),
    r"\bos\.(system|popen)\(": ("no command comes from input", ["os.system(command)", "os.popen('ls')"]),
    r"\bshell\s*=\s*True": ("no command comes from input", ["run(command, shell=True)", "shell = True"]),
}


@pytest.mark.parametrize("pattern", FORBIDDEN_CODE)
def test_forbidden_code_is_found_and_absent(pattern: str) -> None:
    reason, examples = FORBIDDEN_CODE[pattern]
    assert all(re.search(pattern, example) for example in examples)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, reason


def defined_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def says_nothing(name: str) -> bool:
    """Return whether a name could stand on anything."""
    return bool(re.search(r"^_?(utils?|helpers?|common|misc)$|(Manager|Handler|Helper|Util)s?$", name))


def test_no_module_class_or_function_has_a_name_that_says_nothing() -> None:
    assert all(map(says_nothing, ["utils", "helpers", "PolicyManager", "Handler", "_util"]))
    assert not any(map(says_nothing, ["handle", "utilization", "rendering", "manager_of"]))
    names = {(path, name) for path in SOURCES for name in defined_names(ast.parse(path.read_text()))}
    names |= {(path, path.stem) for path in SOURCES} | {(path, path.parent.name) for path in SOURCES}
    assert len(names) > len(SOURCES)
    assert not {(str(path), name) for path, name in names if says_nothing(name)}


def test_no_file_is_longer_than_a_sitting() -> None:
    files = [*SOURCES, *(ROOT / "templates").rglob("*.j2"), *(ROOT / "grammar").rglob("*.lark"), ROOT / "dev"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert lengths["dev"] > 100  # the count counts
    assert {name: length for name, length in lengths.items() if length > 400} == {}
