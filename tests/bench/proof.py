"""Print what the proof of one project costs, as a share of the rest of its build or of loading its YAML."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

import intentc.prove.proof
from intentc.cli.workspace import open_workspace
from intentc.compiler import Options, compile_program, parse_files


def main() -> None:
    """Build once in this process and note the time inside the prover and outside of it, by its own clock."""
    gc.disable()
    spent = 0.0
    prove: Callable[..., Any] = intentc.prove.proof.prove

    def timed(*arguments: Any, **options: Any) -> Any:
        nonlocal spent
        start = time.process_time()
        found = prove(*arguments, **options)
        spent += time.process_time() - start
        return found

    start = time.process_time()
    workspace = open_workspace(Path(sys.argv[1]))
    program, problems = parse_files(workspace.sources)
    with patch.object(intentc.prove.proof, "prove", timed):
        result = compile_program(program, workspace.project, Options(), problems)
    whole = time.process_time() - start
    if not result.artifacts:
        sys.exit("bench: the project does not build")
    if "--load" not in sys.argv:
        print(spent / (whole - spent))  # noqa: T201 - the harness reads it
        return
    start = time.process_time()
    for artifact in result.artifacts:
        if "/kubernetes/" in artifact.path:
            for _ in yaml.load_all(artifact.content, Loader=yaml.CSafeLoader):
                pass
    print(spent / (time.process_time() - start))  # noqa: T201


if __name__ == "__main__":
    main()
