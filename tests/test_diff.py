"""`intentc diff`: what an edit changes, exactly, from folders and from git, and held against the model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import jsonschema
import pytest
from markdown_it import MarkdownIt

from intentc.answers.diff import Changes, changes
from intentc.answers.diff.document import json_text
from intentc.answers.diff.lines import counted, expected, items, text, unexpected
from intentc.answers.diff.markdown import LIMIT, markdown, span
from intentc.compiler import Result, compile_texts
from intentc.parser import parse
from intentc.source import SourceFile
from tests.model.pairs import any_pair, compiled, differences
from tests.readback import CLUSTER

ROOT = Path(__file__).parent.parent
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "diff.schema.json").read_text()))
MANAGED = CLUSTER.replace("mode: explicit", "mode: gke-managed")


def built(intents: str, project: str = CLUSTER, path: str = "a.intent") -> Result:
    result = compile_texts({"intentc.yaml": project, path: intents})
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return result


def changed(old: str, new: str, project: str = MANAGED, other: str = "") -> tuple[Changes, ...]:
    found, problems = changes(built(old, project).clusters, built(new, other or project).clusters)
    assert problems == ()
    return found


def lines(old: str, new: str, project: str = MANAGED, other: str = "") -> list[str]:
    found = items(changed(old, new, project, other))
    return [item.line.removeprefix("prod: ") for item in found if "kube-dns" not in item.line]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "intentc", *arguments], cwd=cwd, check=False, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    return done


# --- What changed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a -> b:80\nc -> d:80\n", "# moved\nc -> d:80\n\na -> b:80\n"),
        ("a -> b:80\na -> b:443\n", "a -> b:80, 443\n"),
        ("a -> b:80-89\n", "a -> b:80-84, 85-89\n"),
        ("a -> b:80\n", 'a -> b:80 because "x" owner me\n'),
        ("a[x=1] -> b:80\na[x!=1] -> b:80\n", "a[x=1] -> b:80\na[x!=1] -> b:80\na[x=1, y=2] -> b:80\n"),
        ("a -> b:80\na[x=1] -> b:80\n", "a -> b:80\n"),
        ("let s = a, c\n@s -> b:80\n", "a -> b:80\nc -> b:80\n"),
    ],
)
def test_another_way_to_say_the_same_is_no_change(old: str, new: str) -> None:
    assert lines(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("a -> b:80\n", "a -> b:80, 443\n", ["+ a -> b:443"]),
        ("a -> b:80-89\n", "a -> b:82\n", ["- a -> b:80-81, 83-89"]),
        ("a -> b:80\n", "a -> b:81\n", ["+ a -> b:81", "- a -> b:80"]),
        ("a -> b:80\na -> c:80\n", "a -> b:80\n", ["- egress a -> c:80", "opened for ingress: c"]),
        (
            "a -> b:80\n",
            "a -> b:80\nc -> b:80\n",
            ["+ ingress c -> b:80", "isolated for egress: c", "= egress c -> b:80"],
        ),
        ("isolate a\na -> b:80\n", "isolate a egress\na -> b:80\n", ["opened for ingress: a"]),
        (
            "a -> b:80\n",
            "a -> b[x=1]:80\n",
            ["- egress a -> b[x!=1]:80", "opened for ingress: b[x!=1]"],
        ),
        (
            "a -> b:80\n",
            "a -> b:80 via nodeport 30443\n",
            ["+ egress a -> nodes:30443", "+ ingress nodes -> b:80"],
        ),
        (
            "a -> internet:443\n",
            "a -> internet:444\n",
            ["+ egress a -> internet:444", "- egress a -> internet:443"],
        ),
        ("a -> b:80\n", "a -> b:http\n", ["+ a -> b:http unless 80", "- a -> b:80 unless http"]),
    ],
)
def test_changes_are_told_in_the_words_of_the_language(old: str, new: str, wanted: list[str]) -> None:
    assert lines(old, new) == wanted


def test_the_statements_behind_a_change_are_named_on_their_side() -> None:
    found = items(changed("a -> b:80\na -> b:22\n", "# new\n\na -> b:80\na -> b:443\n"))
    told = {item.line: (item.side, item.places) for item in found}
    assert told == {
        "prod: + a -> b:443": ("new", (("a.intent:4", "a -> b:443"),)),
        "prod: - a -> b:22": ("old", (("a.intent:2", "a -> b:22"),)),
    }


def test_the_firewall_and_where_it_holds_are_told() -> None:
    assert [line for line in lines("a -> b:80\n", "a -> b:81\n", CLUSTER) if "firewall" in line] == [
        "+ firewall 100.64.0.0/14 -> nodes:81",
        "- firewall 100.64.0.0/14 -> nodes:80",
    ]
    other = CLUSTER.replace("gke-prod-node", "other-node")
    assert lines("a -> b:80\n", "a -> b:80\n", CLUSTER, other) == [
        "firewall targetTags was gke-prod-node, is other-node"
    ]


def test_ranges_that_nobody_states_are_inputs_of_the_module() -> None:
    assert [line for line in lines("a -> b:80\n", "a -> b:81\n", "version: 1\n") if "firewall" in line] == [
        "default: + firewall var.pod_cidrs -> nodes:81",
        "default: - firewall var.pod_cidrs -> nodes:80",
    ]


def test_a_profile_alone_changes_flows() -> None:
    found = lines("a -> b:80\n", "a -> b:80\n", MANAGED, MANAGED.replace("kube-dns", "cloud-dns"))
    assert found == ["+ egress a -> 169.254.169.254:53, 53/udp"]
    moved = CLUSTER.replace("192.168.64.0/19", "192.168.96.0/19")
    found = lines("nodes -> b:80\n", "nodes -> b:80\n", CLUSTER, moved)
    assert found == [
        "+ ingress 192.168.96.0/19 -> b:80",
        "- ingress 192.168.64.0/19 -> b:80",
        "+ firewall 192.168.96.0/19 -> nodes:80",
        "- firewall 192.168.64.0/19 -> nodes:80",
    ]


def test_a_cluster_may_be_new_or_gone() -> None:
    second = "  dev: {podCIDRs: [10.8.0.0/14], nodeCIDRs: [10.4.0.0/19], firewall: {mode: gke-managed}}\n"
    both = MANAGED + second
    (_, dev) = changed("a -> b:80\n", "a -> b:80\n", MANAGED, both)
    assert (dev.cluster, dev.presence) == ("dev", "new")
    assert {item.kind for item in dev.isolations} == {"isolated"}
    (_, gone) = changed("a -> b:80\n", "a -> b:80\n", both, MANAGED)
    assert (gone.presence, {item.kind for item in gone.isolations}, gone.flows) == ("gone", {"opened"}, ())


def test_old_and_change_make_new_as_the_model_sees_them() -> None:
    assert [(seed, wrong) for seed in range(60) if (wrong := differences(seed))] == []


def test_a_change_that_is_not_told_would_be_seen_by_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(old: object, new: object) -> tuple[tuple[Changes, ...], tuple[()]]:
        found, _ = changes(old, new)  # type: ignore[arg-type] # what the model passes on
        return tuple(Changes(one.cluster, one.presence, (), (), (), ()) for one in found), ()

    monkeypatch.setattr("tests.model.pairs.changes", forgetful)
    assert any(differences(seed) for seed in range(10))


def test_the_page_shows_what_is_printed() -> None:
    project = MANAGED.replace("kube-dns", "cloud-dns")
    old = {"intents/shop.intent": "shop -> data:5432\nshop -> data:22\n"}
    new = {"intents/shop.intent": "shop -> data:80, 5432\n", "intents/web.intent": "web -> data:443\n"}
    before, after = (compile_texts({"intentc.yaml": project, **files}) for files in (old, new))
    printed = text(changes(before.clusters, after.clusters)[0])
    assert indent(printed, "    ") in (ROOT / "docs" / "answers.md").read_text("utf-8")


# --- Forms ----------------------------------------------------------------------------------------------


def sample() -> tuple[Changes, ...]:
    return changed(
        "a -> b:80\nx -> y:1\nisolate q\n", "a -> b:81\na -> internet:443\nz[k=v] -> y:1\n", CLUSTER
    )


def test_json_follows_its_schema_and_has_the_lines_of_the_text() -> None:
    found = sample()
    document = json.loads(json_text(found))
    SCHEMA.validate(document)
    told = [change["line"] for cluster in document["clusters"] for change in cluster["changes"]]
    assert told == [item.line for item in items(found)]
    assert {change["kind"] for cluster in document["clusters"] for change in cluster["changes"]} == {
        *("gained", "lost", "kept", "isolated", "opened", "firewall gained", "firewall lost"),
    }


def test_what_was_printed_is_what_is_expected() -> None:
    found = sample()
    for printed in (text(found), f"# reviewed\n\n{text(found)}", json_text(found)):
        wanted = expected(printed)
        assert wanted is not None
        assert unexpected(found, wanted) == ()
    wanted = expected(text(found))
    assert wanted is not None
    first = min(wanted)
    assert unexpected(found, wanted - {first}) == (f"unexpected  {first}",)
    assert unexpected(found, wanted | {"prod: + a -> c:1"}) == ("missing     prod: + a -> c:1",)
    assert expected("{") is None
    assert expected('{"clusters": 1}') is None
    assert expected("") == frozenset()


def test_random_changes_are_told_in_legal_words_and_expected_again() -> None:
    told = 0
    for seed in range(40):
        before, after = map(compiled, any_pair(seed))
        if before is None or after is None:
            continue
        found, _ = changes(before.clusters, after.clusters)
        SCHEMA.validate(json.loads(json_text(found)))
        for printed in (text(found), json_text(found)):
            wanted = expected(printed)
            assert wanted is not None
            assert unexpected(found, wanted) == ()
        for flow in (flow for one in found for flow in one.flows):
            intent, _, _ = flow.text.partition(" unless ")
            program, problems = parse(SourceFile("a.intent", f"{intent}\n"))
            assert (len(program.statements), problems) == (1, ())
            told += 1
    assert told > 300


def test_counts_are_in_words() -> None:
    assert counted(changed("a -> b:80\n", "a -> b:80\n")) == "no change"
    assert counted(changed("a -> b:80\n", "a -> b:81\n")) == "1 gained, 1 lost"


HOSTILE = (
    "`", "``x`", "![a](http://x)", "<img src=x onerror=1>", "a`</code>`b", "|", "\\`", "@team", "*x*",
    "::error::x", "a\nb", "\u202e", "\x1b[31m", "$(x)", " ` ",
)  # fmt: skip


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_text_of_a_project_is_markup(payload: str) -> None:
    rendered = MarkdownIt().parse(f"- {span(payload)} end\n")
    inline = [token for token in rendered if token.type == "inline"]
    (children,) = [token.children for token in inline]
    assert children is not None
    assert [child.type for child in children] == ["code_inline", "text"]
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in payload)
    assert children[0].content.strip() == shown.strip()


def test_hostile_names_of_files_stay_text() -> None:
    for payload in HOSTILE:
        path = f"{payload}.intent"
        old, new = built("a -> b:80\n", path=path), built("a -> b:81\n", path=path)
        comment = markdown(changes(old.clusters, new.clusters)[0])
        tokens = MarkdownIt().parse(comment)
        kinds = {child.type for token in tokens for child in token.children or ()}
        assert kinds <= {"code_inline", "text", "strong_open", "strong_close", "softbreak"}


def test_a_comment_is_bounded_and_says_what_is_left_out() -> None:
    many = "".join(f"shop[app=a{number}] -> data-{number}:80\n" for number in range(900))
    comment = markdown(changed("a -> b:80\n", f"a -> b:80\n{many}"))
    assert len(comment.encode()) <= LIMIT
    assert "more are left out here; `intentc diff` lists all" in comment
    assert "left out" not in markdown(changed("a -> b:80\n", "a -> b:81\n"))


# --- The command ----------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *names, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    project = tmp_path / "repository" / "net"
    (project / "intents").mkdir(parents=True)
    (project / "intents" / "a.intent").write_text("a -> b:80\n")
    (project / "intentc.yaml").write_text(MANAGED + "intents: ['intents/*.intent']\n")
    git(project.parent, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    return project


def test_the_default_is_the_merge_base_with_the_main_branch(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--create", "work")
    (repository / "intents" / "a.intent").write_text("a -> b:81\n")
    git(repository, "commit", "--quiet", "--all", "-m", "second")
    git(repository, "switch", "--quiet", "main")
    (repository / "intents" / "a.intent").write_text("a -> b:80, 99\n")
    git(repository, "commit", "--quiet", "--all", "-m", "elsewhere")
    git(repository, "switch", "--quiet", "work")
    done = run("diff", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "1 gained, 1 lost\n")
    assert done.stdout == (
        "prod: + a -> b:81\n    new intents/a.intent:1  a -> b:81\n"
        "prod: - a -> b:80\n    old intents/a.intent:1  a -> b:80\n"
    )


def test_a_revision_or_a_folder_can_be_named(repository: Path, tmp_path: Path) -> None:
    (repository / "intents" / "b.intent").write_text("a -> b:81\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "second")
    assert "+ a -> b:81" in run("diff", "HEAD~1", cwd=repository).stdout
    assert run("diff", "HEAD", cwd=repository).stdout == ""
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "old"), "HEAD~1")
    assert "+ a -> b:81" in run("diff", str(tmp_path / "old" / "net"), cwd=repository).stdout
    back = run("diff", "net", "--project", str(tmp_path / "old" / "net"), cwd=repository.parent)
    assert "- a -> b:81" in back.stdout


def test_exit_codes_tell_a_change(repository: Path, tmp_path: Path) -> None:
    assert run("diff", "HEAD", "--exit-code", cwd=repository).returncode == 0
    (repository / "intents" / "a.intent").write_text("a -> b:81\n")
    assert run("diff", "HEAD", cwd=repository).returncode == 0
    printed = run("diff", "HEAD", "--exit-code", cwd=repository)
    assert printed.returncode == 1
    wanted = tmp_path / "expected.txt"
    wanted.write_text(printed.stdout)
    done = run("diff", "HEAD", "--expect", str(wanted), cwd=repository)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "exactly the expected change\n")
    wanted.write_text(printed.stdout.replace(":81", ":82"))
    done = run("diff", "HEAD", "--expect", str(wanted), cwd=repository)
    assert (done.returncode, done.stdout) == (
        1,
        "missing     prod: + a -> b:82\nunexpected  prod: + a -> b:81\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing",), 2, "E653"),
        (("--exec=x",), 2, "No such option"),
        (("HEAD:intents",), 2, "E653"),
        (("HEAD", "--format", "xml"), 2, "E651"),
        (("HEAD", "--expect", "missing.txt"), 5, "E510"),
        (("HEAD", "--cluster", "x"), 2, "E650"),
    ],
)
def test_a_wrong_question_is_told(repository: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run("diff", *arguments, cwd=repository)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_without_a_repository_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.intent").write_text("a -> b:80\n")
    done = run("diff", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "E653" in done.stderr
    assert "no main branch" in done.stderr


def test_a_project_that_was_not_there_is_all_new(repository: Path) -> None:
    (repository / "more").mkdir()
    (repository / "more" / "a.intent").write_text("a -> b:80\n")
    done = run("diff", "HEAD", "--project", "more", cwd=repository)
    assert done.stdout.startswith("default: new cluster\n")


def test_a_broken_revision_is_named_in_its_errors(repository: Path) -> None:
    (repository / "intents" / "a.intent").write_text("a -> \n")
    git(repository, "commit", "--quiet", "--all", "-m", "broken")
    (repository / "intents" / "a.intent").write_text("a -> b:80\n")
    done = run("diff", "HEAD", cwd=repository)
    assert (done.returncode, done.stdout) == (1, "")
    assert "HEAD:intents/a.intent:1" in done.stderr


def test_markdown_is_ready_for_a_comment(repository: Path) -> None:
    (repository / "intents" / "a.intent").write_text("a -> b:81\n")
    done = run("diff", "HEAD", "--format", "markdown", cwd=repository)
    assert done.stdout == (
        "**Network changes:** 1 gained, 1 lost\n\n"
        "- `prod: + a -> b:81` — `intents/a.intent:1`\n"
        "- `prod: - a -> b:80` — `intents/a.intent:1`\n"
    )
