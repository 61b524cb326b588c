"""The programs that are no Python packages: built from pinned Go modules and kept by version, or Debian's."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.e2e.failure import Missing
from tests.tools import development

MODULES = Path(__file__).parent / "tools"

BUILT = {
    "kube-apiserver": ("kubernetes", "./apiserver"),
    "kube-proxy": ("kubernetes", "./proxy"),
    "kubectl": ("kubernetes", "./kubectl"),
    "controllers": ("kubernetes", "./controllers"),
    "policies": ("policies", "."),
    "argocd-cmp-server": ("argocd", "./server"),
    "argocd-client": ("argocd", "./client"),
    "tofu": ("tofu", "github.com/opentofu/opentofu/cmd/tofu"),
    "terraform-provider-google": ("google", "."),
    "actionlint": ("judges", "github.com/rhysd/actionlint/cmd/actionlint"),
    "govulncheck": ("judges", "golang.org/x/vuln/cmd/govulncheck"),
}
"""By the name of the program: its Go module in `tools`, and its package there."""

DEBIAN = {
    "conntrack": "conntrack",
    "etcd": "etcd-server",
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "openssl": "openssl",
    "unshare": "util-linux",
}
PLUGINS = Path("/usr/lib/cni")
"""Where Debian's containernetworking-plugins puts them."""


def built(name: str) -> Path:
    """Return where a built program is, or will be: outside the tree, by all that decides what it is."""
    module = MODULES / BUILT[name][0]
    total = hashlib.sha256()
    for path in sorted(module.rglob("*")):
        if path.is_file():
            total.update(path.relative_to(module).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return _cache() / f"e2e-{module.name}-{total.hexdigest()[:16]}" / name


def prepare(names: Iterable[str]) -> None:
    """Build those of the programs that are not there yet; raise Missing when one cannot be built."""
    wanted = [name for name in names if not built(name).exists()]
    if not wanted:
        return
    go = prepare_go()
    for name in wanted:
        path = built(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.parent):
            if path.exists():  # another run built it while this one waited
                continue
            start = time.monotonic()
            _say(f"building {name}; the first build of all takes ten minutes on two processors")
            module, package = BUILT[name]
            fresh = path.with_suffix(".new")
            command = [
                str(go),
                "build",
                "-trimpath",
                "-ldflags=-s -w",
                "-mod=readonly",
                "-o",
                str(fresh),
                package,
            ]
            # Not a newer Go: an API server that 1.27 built answers its OpenAPI v2 page with 503.
            go_settings = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local"}
            environment = {**os.environ, **go_settings}
            done = subprocess.run(
                command, cwd=MODULES / module, env=environment, check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise Missing(f"{name}, which does not build: {done.stderr.strip()[-2000:]}")
            fresh.replace(path)
            _say(f"built {name} in {time.monotonic() - start:.0f} s")


def prepare_go() -> Path:
    """Return a Go 1.26: the one on PATH, or else the one that requirements/go.lock pins, installed here.

    Raises Missing when it cannot be installed.
    """
    found = shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin")
    if found:
        printed = subprocess.run([found, "version"], check=False, text=True, capture_output=True).stdout
        if re.match(r"go version go1\.26[. ]", printed):
            return Path(found)
    dev = development.load()
    lock = dev.REQUIREMENTS / "go.lock"
    directory = _cache() / f"go-{dev.digest(lock)[:16]}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _alone(directory.parent):
        if not (directory / "complete").exists():
            _say(f"installing Go into {directory}")
            shutil.rmtree(directory, ignore_errors=True)
            try:
                dev.install_locked(lock, "--target", str(directory))
            except dev.Failure as failure:
                raise Missing(f"Go 1.26: {failure}") from failure
            (directory / "complete").touch()
    return directory / "go" / "bin" / "go"


def prepare_hcl() -> None:
    """Have HashiCorp's parser, which reads the emitted modules; raise Missing when it cannot be installed."""
    dev = development.load()
    try:
        dev.prepare_tools()
    except dev.Failure as failure:
        raise Missing(f"the HCL parser: {failure}") from failure


def require(names: Iterable[str], *, plugins: Iterable[str] = ()) -> None:
    """Raise Missing, with what to install, unless these of Debian's programs and CNI plugins are there."""
    lacking = {DEBIAN[name] for name in names if shutil.which(name) is None}
    if not all((PLUGINS / name).exists() for name in plugins):
        lacking.add("containernetworking-plugins")
    if lacking:
        raise Missing(f"apt-get install --no-install-recommends {' '.join(sorted(lacking))}")


@functools.cache
def _cache() -> Path:
    """Return the directory of all that is outside the tree and worth keeping."""
    directory: Path = development.load().tools_directory().parent
    return directory


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(message: str) -> None:
    sys.stderr.write(f"e2e: {message}\n")
    sys.stderr.flush()
