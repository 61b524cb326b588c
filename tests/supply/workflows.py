"""Workflows and actions of GitHub into what actionlint and zizmor, which read them without a network, say."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.supply import judges
from tests.tools import development

WORKFLOW = re.compile(r"^jobs:.*?$", re.MULTILINE)
TRIGGER = re.compile(r"^(?:on|\"on\"|'on'):", re.MULTILINE)
ACTION = re.compile(r"^runs:\s*\n(?:\s*\n)*\s+using:", re.MULTILINE)


def is_workflow(text: str) -> bool:
    """Tell a workflow by its keys, wherever it is kept: an example is copied from another folder."""
    return bool(WORKFLOW.search(text) and TRIGGER.search(text))


def is_action(name: str, text: str) -> bool:
    """Tell the metadata of an action by its name, and by what it has to hold."""
    return Path(name).name in {"action.yml", "action.yaml"} and bool(ACTION.search(text))


def in_repository(root: Path = development.ROOT) -> dict[str, str]:
    """Return the workflows and actions of a repository, with those not yet committed, by their paths."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.yml", "*.yaml"]
    names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    texts = {
        name: (root / name).read_text(errors="replace") for name in names if name and (root / name).is_file()
    }
    return {name: text for name, text in texts.items() if is_workflow(text) or is_action(name, text)}


def judged(files: Mapping[str, str]) -> list[str]:
    """Return a line for each finding: its path and line, the name of what is wrong, and words.

    The files are laid where GitHub looks for them, in a folder of their own. Raises RuntimeError when a tool
    does not run, so that its silence is never taken for praise.
    """
    if not files:  # both would take silence for a mistake
        return []
    workflows = [name for name, text in files.items() if is_workflow(text)]
    places = {name: name for name in files} | {
        name: f".github/workflows/{number}.yml" for number, name in enumerate(workflows)
    }
    names = {place: name for name, place in places.items()}
    with tempfile.TemporaryDirectory() as directory:
        Path(
            directory, ".git"
        ).mkdir()  # by which actionlint knows the root, and finds actions of the project
        for name, text in files.items():
            path = Path(directory, places[name])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [
            *_actionlint(Path(directory), names, [places[name] for name in workflows]),
            *_zizmor(Path(directory), names),
        ]


def _actionlint(directory: Path, names: Mapping[str, str], workflows: list[str]) -> list[str]:
    if not workflows:  # it would look for some
        return []
    done = judges.execute(
        judges.go_program("actionlint"), "-no-color", "-format={{json .}}", *workflows, cwd=directory
    )
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"actionlint: {done.stderr}")
    return [
        f"{names[item['filepath']]}:{item['line']}: {item['kind']}: {item['message']}"
        for item in json.loads(done.stdout)
    ]


def _zizmor(directory: Path, names: Mapping[str, str]) -> list[str]:
    program = judges.python_programs() / "bin" / "zizmor"
    done = judges.execute(program, "--offline", "--quiet", "--no-config", "--format=json", ".", cwd=directory)
    if done.returncode not in {0, 11, 12, 13, 14}:  # those above 10 tell the worst severity found
        raise RuntimeError(f"zizmor: {done.stderr}")
    lines = []
    for item in json.loads(done.stdout):
        place = next(where for where in item["locations"] if where["symbolic"]["kind"] == "Primary")
        path = place["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./")
        row = place["concrete"]["location"]["start_point"]["row"] + 1
        lines.append(f"{names[path]}:{row}: {item['ident']}: {item['desc']}")
    return lines
