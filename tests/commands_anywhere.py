"""Turns the examples into all that the commands say of them, by any Python that has the locked packages.

    python commands_anywhere.py REPOSITORY PACKAGES [plain-yaml] [reversed]

`plain-yaml` hides libyaml, `reversed` turns the order round in which a file system names its files. Works in
the current folder, and prints one JSON object: `facts` of the run, and the SHA-256 of every output by its
command and of every file by its tree.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

COMMANDS = {
    "boutique": (
        "build . --no-cache",
        "build . --no-cache --jobs 2 -o ../twice",
        "check --format sarif",
        "check --format json",
        "list --format csv",
        "list --format json",
        "graph --cluster prod --format html",
        "graph --cluster edge --format mermaid",
        "coverage --format json",
        "suggest",
        "audit generated/prod/kubernetes",
        "probe . -o ../kit",
        "verify",
    ),
    "gke-paths": (
        "build . --no-cache",
        "check",
        "check --format json",
        "graph --format dot",
        "why namespace-a->namespace-b[app=your-app-b]:8443",
        "check broken.intent",
    ),
    "dataplane-v2": ("build . --no-cache",),
    "audit": ("build . --no-cache", "audit policies", "audit policies --format json"),
    "adoption": ("build . --no-cache", "import policies"),
    "fleet": ("build . --no-cache",),
}
"""By the example they run in."""

BROKEN = """\
let c = b, @d
let d = a, @c
shop -> data[app in (x, y), app notin (x)]:5432, 70000
a -> b:80 via nodeport 8080
a -> b[tier=]:80/icmp
@e -> internet:443 owner "" until 2026-02-30
"""
"""What has many errors, for the order they are said in."""

TREES = (
    "boutique/generated",
    "twice",
    "kit",
    *(f"{name}/generated" for name in COMMANDS if name != "boutique"),
)


class Turned(contextlib.AbstractContextManager["Turned"], Iterator[Any]):
    """The entries of a folder, last name first, in the place of what `os.scandir` returns."""

    def __init__(self, entries: Any) -> None:
        """Read all of `entries`."""
        with entries:
            self._entries = iter(sorted(entries, key=lambda entry: str(entry.name), reverse=True))

    def __exit__(self, *_failure: object) -> None:
        """Do nothing: there is nothing left to close."""

    def __next__(self) -> Any:
        """Return the next entry."""
        return next(self._entries)


def turn_folders() -> list[int]:
    """Turn round the order of every folder from now on; return where the folders read are counted."""
    scan, read = os.scandir, os.listdir
    counted = [0]

    def entries(path: Any = ".") -> Any:
        counted[0] += 1
        return Turned(scan(path))

    def names(path: Any = ".") -> Any:
        counted[0] += 1
        return sorted(read(path), reverse=True)

    os.scandir, os.listdir = entries, names
    return counted


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def tree(root: str) -> dict[str, str]:
    """Return the SHA-256 of every file below `root` by its path there."""
    found = {}
    for folder, _folders, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118
            with open(path, "rb") as file:  # noqa: PTH123
                found[os.path.relpath(path, root)] = digest(file.read())
    return dict(sorted(found.items()))


def said(arguments: list[str]) -> str:
    """Run one command here; return its exit code and the SHA-256 of what it says."""
    from intentc.cli import main  # noqa: PLC0415 - it is found only now

    streams = [io.BytesIO(), io.BytesIO()]
    before = sys.argv, sys.stdout, sys.stderr
    sys.argv = ["intentc", *arguments]
    sys.stdout, sys.stderr = (io.TextIOWrapper(stream, "utf-8", write_through=True) for stream in streams)
    try:
        main()
        code: object = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        kept = sys.stdout, sys.stderr  # a wrapper that is forgotten closes its stream
        sys.argv, sys.stdout, sys.stderr = before
    printed = [digest(stream.getvalue()) for stream in streams]
    del kept
    return " ".join(["exit", str(code), *printed])


def work(repository: str, packages: str, flags: list[str]) -> dict[str, Any]:
    """Run all the commands, and return what the module says it prints."""
    counted = turn_folders() if "reversed" in flags else [0]
    if "plain-yaml" in flags:
        sys.modules["yaml._yaml"] = None  # type: ignore[assignment]
    sys.path[:0] = [repository, *([packages] if packages else [])]
    import yaml  # noqa: PLC0415 - now that it is known which

    import intentc  # noqa: PLC0415 - the same

    intentc.__path__.append(repository)  # what lies at the top level and ships within the package
    outputs: dict[str, Any] = {}
    start = os.getcwd()  # noqa: PTH109
    for example, commands in COMMANDS.items():
        shutil.copytree(
            f"{repository}/examples/{example}", example, ignore=shutil.ignore_patterns("generated")
        )
        os.chdir(example)
        for command in commands:
            if "broken.intent" in command:
                with open("broken.intent", "w", encoding="utf-8") as file:  # noqa: PTH123
                    file.write(BROKEN)
            outputs[f"{example}: {command}"] = said(command.split())
        os.chdir(start)
    facts = {"python": list(sys.version_info[:2]), "libyaml": yaml.__with_libyaml__, "turned": counted[0]}
    return {"facts": facts, "outputs": outputs, "trees": {name: tree(name) for name in TREES}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(work(sys.argv[1], sys.argv[2], sys.argv[3:])))
