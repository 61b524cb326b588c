"""Build a fleet's clusters on the workers of a Dask scheduler.

    python build_on_dask.py examples/fleet tcp://scheduler:8786

`intentc build` uses the processors of one machine. A fleet that outgrows it goes to any engine with an
executor of `concurrent.futures`: the workers need intentc installed, and nothing else. What they send back is
written here, all or nothing, as by any build.
"""

from __future__ import annotations

import sys
from pathlib import Path

from distributed import Client

from intentc.cli.workspace import open_workspace
from intentc.compiler import Fleet, Options, compile_program, parse_files
from intentc.output.summary import count_policies, summarize
from intentc.output.text import render
from intentc.output.tree import write_tree


def main(project: str, scheduler: str) -> int:
    """Compile every cluster of a project on a scheduler's workers, and write the output here."""
    workspace = open_workspace(Path(project))
    program, problems = parse_files(workspace.sources)
    with Client(scheduler) as client:
        fleet = Fleet(client.get_executor(), workspace.sources)
        earlier = (*workspace.diagnostics, *problems)
        result = compile_program(program, workspace.project, Options(), earlier, fleet=fleet)
    sys.stderr.write(render(result.diagnostics))
    if not result.artifacts:
        return 1
    write_tree(
        workspace.root / workspace.project.output,
        {artifact.path: artifact.content for artifact in result.artifacts},
        policies={cluster.profile.name: count_policies(cluster) for cluster in result.clusters},
    )
    sys.stderr.write(summarize(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
