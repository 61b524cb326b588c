"""A large cluster is emitted and proved in parts: bytes, proof and words are those of the whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache, partial

import pytest

from intentc import ir, parts
from intentc.analysis import analyze, division, said_of
from intentc.analysis.rules import with_rules
from intentc.backends import emit, kubernetes
from intentc.checks import Context, check
from intentc.compiler import Options, Result, compile_files, compile_program, load_project, parse_files
from intentc.diagnostics import has_errors
from intentc.processes import Task, spread
from intentc.profile import Profile, Project
from intentc.prove.parts import Parts
from intentc.prove.proof import prove
from tests.bench.shapes import SHAPES
from tests.model.harness import Refused, differential, profile
from tests.model.programs import any_program
from tests.model.wording import files
from tests.test_cases import INPUTS, TODAY, folders

PROGRAM = """\
shop[app=web] -> data[app=postgres]:5432
shop -> payments:8443
payments -> data:5432, 6432
billing -> data:5432
billing[tier=batch] -> shop:8080-8090/udp
nodes -> billing:9100 # intentc: allow W305
search -> 203.0.113.0/24:443
isolate legacy ingress
isolate search
"""

PROFILE = """\
version: 1
clusters:
  prod: {nodeCIDRs: [10.0.0.0/20], podCIDRs: [10.8.0.0/14]}
"""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Divide every program, however small, and record into how many ranges."""
    monkeypatch.setattr(division, "FEWEST_FLOWS", 1)
    monkeypatch.setattr(division, "_MOST_WIDE", 1.0)
    taken: list[int] = []
    make = parts.make

    def counted(
        policy: ir.Policy, facts: Profile, among: tuple[ir.NamespaceRange, ...], processes: int
    ) -> object:
        made = make(policy, facts, among, processes)
        if made is not None:
            taken.append(len(among))
        return made

    monkeypatch.setattr(parts, "make", counted)
    return taken


def told(result: Result) -> tuple[object, ...]:
    """Return all that a user sees of a result."""
    proofs = [cluster.proof for cluster in result.clusters]
    return result.artifacts, proofs, result.diagnostics


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_every_case_is_the_same_in_parts(
    processes: int, small_parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if processes == 1:
        monkeypatch.setattr(division, "MOST_FLOWS", 1)
    for folder in folders():
        given = {path.name: path.read_bytes() for path in folder.iterdir() if INPUTS.fullmatch(path.name)}
        options = Options(today=TODAY)
        whole, divided = (compile_files(given, options._replace(processes=count)) for count in (0, processes))
        assert told(divided) == told(whole), folder.name
    assert len(small_parts) > 40


def test_what_has_something_to_say_of_the_whole_is_not_divided() -> None:
    for text in ("a -> b:1\nc -> d:1\nassert deny a -> d:1\n", "a -> b:1\n", ""):
        policy, _ = said(text)
        assert division.ranges(policy, 8)[1:] == (), text


def in_parts(texts: Mapping[str, str], processes: int = 1) -> dict[str, bytes]:
    """Compile a project as `tests.model.harness.compiled` does, in parts."""
    program, problems = parse_files(
        {path: text.encode() for path, text in texts.items() if path.endswith(".intent")}
    )
    options = Options(processes=processes)
    result = compile_program(program, profile(texts.get("intentc.yaml", "")), options, problems)
    if errors := [item.message for item in result.diagnostics if item.severity == "error"]:
        raise Refused("; ".join(errors))
    return {artifact.path: artifact.content for artifact in result.artifacts}


def test_programs_mean_the_same_in_parts(small_parts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The model, which knows nothing of parts, finds in their output what each program means."""
    monkeypatch.setattr(division, "MOST_FLOWS", 1)
    assert list(differential(range(300), in_parts)) == []
    assert len([count for count in small_parts if count > 2]) > 100


def test_programs_give_the_same_bytes_in_parts(
    small_parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(300, 500):
        texts = {path: text.encode() for path, text in files(any_program(seed)).items()}
        monkeypatch.setattr(division, "MOST_FLOWS", random.Random(seed).randint(1, 4))
        whole, divided = (compile_files(texts, Options(processes=count)) for count in (0, 1))
        assert told(divided) == told(whole), seed
    assert len(small_parts) > 50


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_bytes_in_parts(shape: str) -> None:
    lines = "\n".join(SHAPES[shape](600, random.Random(7)))
    texts = {"all.intent": f"{lines}\n".encode()}
    whole, divided = (compile_files(texts, Options(processes=count)) for count in (0, 3))
    assert told(divided) == told(whole)


# --- The proof of a part ------------------------------------------------------------------------------------


def said(text: str, settings: str = "") -> tuple[ir.Policy, Profile]:
    project, problems = load_project(settings.encode()) if settings else (Project(), ())
    program, syntax = parse_files({"a.intent": text.encode()})
    resolved, more = analyze(program, project)
    assert not (*problems, *syntax, *more)
    policy, more = said_of(resolved, project, project.clusters[0])
    assert not has_errors(more)
    return policy, project.clusters[0]


def edits(content: bytes) -> Iterator[bytes]:
    """Yield a file with each of its lines left out, and with each port and each name changed."""
    lines = content.decode().splitlines(keepends=True)
    for place, line in enumerate(lines):
        before, after = "".join(lines[:place]), "".join(lines[place + 1 :])
        if not line.startswith("#"):
            yield (before + after).encode()
        if "port: " in line:
            yield f"{before}{line.rstrip()}1\n{after}".encode()
        for name in ("shop", "data", "postgres"):
            if name in line:
                yield f"{before}{line.replace(name, 'other')}{after}".encode()


def test_a_part_that_admits_anything_else_is_not_proved() -> None:
    """Each edit of a file is judged by its part exactly as by the proof of the whole."""
    policy, facts = said(PROGRAM, PROFILE)
    whole = with_rules(policy, facts)
    among = division.ranges(policy, 2)
    assert len(among) == 4
    proofs = Parts(policy, facts, among)
    all_files, _ = emit("kubernetes", whole, facts)
    firewall, _ = emit("terraform", whole, facts)
    refused = 0
    for place, part in enumerate(division.divided(policy, among)[1:]):
        its_files, _ = emit("kubernetes", with_rules(part, facts), facts)
        assert proofs.pods(place, its_files) is not None
        for artifact in its_files:
            assert proofs.pods(place, [file for file in its_files if file != artifact]) is None
            for content in edits(artifact.content):
                changed = ir.Artifact(artifact.path, content)
                found = proofs.pods(place, [changed if file == artifact else file for file in its_files])
                tree = [changed if file == artifact else file for file in (*all_files, *firewall)]
                _, problems = prove(tuple(tree), whole, facts)
                assert (found is None) == bool(problems), content.decode()
                refused += found is None
        for stranger in set(all_files) - set(its_files):
            assert proofs.pods(place, (*its_files, stranger)) is None
    assert refused > 200


def test_a_firewall_that_admits_anything_else_is_not_proved() -> None:
    policy, facts = said(PROGRAM, PROFILE)
    proofs = Parts(policy, facts, division.ranges(policy, 2))
    files, _ = emit("terraform", with_rules(policy, facts), facts)
    assert proofs.network(files) is not None
    for artifact in files:
        for port in (b'"5432"', b'"8443"', b'"53"'):
            if port in artifact.content:
                changed = ir.Artifact(artifact.path, artifact.content.replace(port, b'"1"', 1))
                assert proofs.network([changed if file == artifact else file for file in files]) is None
    assert proofs.network([file for file in files if b"5432" not in file.content]) is None


@pytest.mark.parametrize(
    "among",
    [
        (ir.NamespaceRange("b", None),),
        (ir.NamespaceRange("", "b"),),
        (ir.NamespaceRange("", "b"), ir.NamespaceRange("c", None)),
        (ir.NamespaceRange("", "c"), ir.NamespaceRange("b", None)),
    ],
)
def test_ranges_with_a_hole_or_an_overlap_prove_nothing(among: tuple[ir.NamespaceRange, ...]) -> None:
    policy, facts = said(PROGRAM, PROFILE)
    with pytest.raises(ValueError, match="the ranges leave out a name, or have one twice"):
        Parts(policy, facts, among)


def test_what_a_part_cannot_prove_the_whole_says(
    monkeypatch: pytest.MonkeyPatch, small_parts: list[int]
) -> None:
    """A fault of a backend is found in the part, and told of as ever."""
    ports = kubernetes._ports.__wrapped__
    monkeypatch.setattr(kubernetes, "_ports", cache(lambda found: ports(found).replace("8443", "8444")))
    monkeypatch.setattr(kubernetes, "_rule", kubernetes._rule.__wrapped__)
    given = {"a.intent": PROGRAM.encode(), "intentc.yaml": PROFILE.encode()}
    whole, divided = (compile_files(given, Options(processes=count)) for count in (0, 2))
    assert told(divided) == told(whole)
    assert {item.code for item in divided.diagnostics if item.severity == "error"} == {"E901", "E902"}
    assert small_parts == []


# --- Ranges -------------------------------------------------------------------------------------------------


def test_ranges_have_about_as_many_flows_each() -> None:
    policy, _ = said("\n".join(SHAPES["random"](2000, random.Random(3))) + "\n")
    among = division.ranges(policy, 4)
    assert len(among) == 8
    for place, part in enumerate(division.divided(policy, among)[1:]):
        assert 2 * 2000 / 8 * 0.5 < len(part.flows) < 2 * 2000 / 8 * 1.5, place


def test_a_namespace_that_most_flows_touch_is_a_part_by_itself() -> None:
    policy, _ = said("\n".join(f"team-{number} -> hub:80" for number in range(100)) + "\n")
    among = division.ranges(policy, 2)
    assert [each.first for each in among][:2] == ["", "team-0"]
    assert 2 <= len(among) <= 4


def test_advice_needs_no_more_than_the_outline() -> None:
    for seed in range(200):
        texts = files(any_program(seed))
        project = profile(texts.get("intentc.yaml", ""))
        program, _ = parse_files(
            {path: text.encode() for path, text in texts.items() if path.endswith(".intent")}
        )
        resolved, _ = analyze(program, project)
        for facts in project.clusters:
            policy, problems = said_of(resolved, project, facts)
            if any(item.severity == "error" for item in problems):
                continue
            outline = with_rules(division.outline(policy), facts).rules
            whole = with_rules(policy, facts)
            context = Context(facts, TODAY, allow_expired=False)
            lean = ir.Policy(
                policy.cluster, policy.flows, policy.isolations, outline, policy.assertions, policy.namespaces
            )
            assert tuple(check(lean, context)) == tuple(check(whole, context)), seed


# --- Processes ----------------------------------------------------------------------------------------------


def here_or_there(number: int) -> tuple[int, int]:
    return number, os.getpid()


def only_here(first: int, number: int) -> int:
    """Do a task, unless in a copy: that is killed."""
    if os.getpid() != first:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fails(first: int) -> int:
    raise LookupError("here" if os.getpid() == first else "there")


def slow(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return here_or_there(number)


@pytest.mark.parametrize("processes", [0, 1, 2, 3, 9])
def test_tasks_are_done_in_order_whoever_does_them(processes: int) -> None:
    tasks: list[Task] = [partial(slow, number) for number in range(6)]
    done = spread(tasks, processes)
    assert [number for number, _ in done] == list(range(6))
    workers = {process for _, process in done}
    assert done[0][1] == os.getpid()
    assert (len(workers) > 1) == (processes > 1)


def test_what_a_killed_copy_had_to_do_is_done_here() -> None:
    tasks: list[Task] = [partial(only_here, os.getpid(), number) for number in range(20)]
    assert spread(tasks, 4) == list(range(20))


def test_what_fails_fails_here() -> None:
    tasks: list[Task] = [partial(slow, 0), partial(fails, os.getpid()), partial(slow, 2)]
    with pytest.raises(LookupError, match="here"):
        spread(tasks, 2)


def test_where_no_copy_can_be_made_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    tasks: list[Task] = [partial(here_or_there, number) for number in range(6)]
    assert spread(tasks, 3) == [(number, os.getpid()) for number in range(6)]


ORPHANS = """\
import os, sys, time
from functools import partial
from intentc.processes import spread

def work(first):
    if os.getpid() == first:
        time.sleep(60)
    os.write(1, b"begun\\n")
    time.sleep(0.2)
    return bytes(1 << 20)

spread([partial(work, os.getpid())] * 4, 3)
"""


def test_copies_end_when_their_process_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.kill()
        process.stdout.read()  # ends when no copy has it open any more


LEFT = """\
import multiprocessing, os
from functools import partial
from intentc.processes import spread

def killed(first, number):
    if os.getpid() != first:
        os.kill(os.getpid(), 9)
    return number

opened = len(os.listdir("/dev/fd"))
for work in (killed, max) * 3:
    assert spread([partial(work, os.getpid(), number) for number in range(4)], 3)[0] >= 0
assert multiprocessing.active_children() == []
assert len(os.listdir("/dev/fd")) == opened
"""


def test_no_copy_and_no_pipe_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
