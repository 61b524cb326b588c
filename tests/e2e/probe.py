"""The kit of `intentc probe` in a real cluster: it passes where the intents are kept, and fails elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from intentc.answers.probe.kit import FILES, kit
from tests.e2e import packets, programs
from tests.e2e.building import build
from tests.e2e.cluster import Cluster
from tests.e2e.failure import Missing
from tests.e2e.kubelet import Kubelets
from tests.e2e.world import COVERING, HOST_NETWORK_PORT, HOST_PORT, LOCAL_NODE_PORT, NODE_PORT, NOT_PODS

SANDBOXED = True
B = "namespace-b[app=your-app-b]"
INTENTS = f"""\
namespace-a -> {B}:8443, 9000/udp
namespace-a -> {B}:8443 via nodeport {NODE_PORT}
namespace-a -> {B}:8443 via nodeport {LOCAL_NODE_PORT} local
namespace-a -> {B}:8443 via hostport {HOST_PORT}
namespace-a -> monitoring[app=node-exporter]:{HOST_NETWORK_PORT} via hostnetwork
assert deny other -> {B}:8443, 9000/udp
"""
TOOLS = {"nc": "netcat-openbsd", "tcpdump": "tcpdump"}


def prepare() -> None:
    """Build what the packets need, and kubectl; the tools of the image are Debian's."""
    lacking = sorted(package for name, package in TOOLS.items() if shutil.which(name) is None)
    if lacking:
        raise Missing(f"apt-get install --no-install-recommends {' '.join(lacking)}")
    packets.prepare()
    programs.prepare(("kubectl",))


def run(*, short: bool) -> list[str]:
    """Return where the kit does not say what is so; the short form tries one line where all is well."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        cluster = Cluster(scratch)
        try:
            cluster.start()
            kubelets = Kubelets(cluster, scratch)
            try:
                return [*_ask(cluster, scratch, short=short), *kubelets.problems]
            finally:
                kubelets.stop()
        finally:
            cluster.stop()


def _ask(cluster: Cluster, scratch: Path, *, short: bool) -> Iterator[str]:
    built = build(INTENTS, masquerade=COVERING)
    made = kit(built.cluster)
    for name in ("script", "pods", "nodeports"):
        (scratch / FILES[name]).write_bytes(made.files[FILES[name]])
    (scratch / "bin").mkdir()
    (scratch / "bin" / "kubectl").symlink_to(programs.built("kubectl"))
    yield from _manifests(scratch)
    cluster.firewall(None)  # it would have to let the control plane ask the nodes for logs
    cluster.masquerade(COVERING)
    cluster.policies(built.documents)
    first = "a.intent:1  namespace-a"
    if short:
        yield from _expect("the intents are applied", scratch, first, 0, ok=2)
    else:
        yield from _expect("the intents are applied", scratch, "", 0, ok=9, skipped=2)
    cluster.masquerade(NOT_PODS)
    yield from _expect("pods hide behind their nodes", scratch, first, 1, "arrives from", failed=2)
    cluster.masquerade(COVERING)
    cluster.policies(())
    yield from _expect("there is no policy", scratch, "assert deny", 1, "must be denied", failed=2)
    cluster.policies(build(f"isolate {B}", masquerade=COVERING).documents)
    yield from _expect("the target is closed", scratch, first, 1, "must be admitted", failed=2)


def _manifests(scratch: Path) -> Iterator[str]:
    """Yield what a real server has against the stand-ins and the Services, and in a restricted namespace."""
    apply = ("kubectl", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename")
    taken = [_command(scratch, *apply, scratch / FILES["pods"])]
    label = "pod-security.kubernetes.io/enforce=restricted"
    _command(scratch, "kubectl", "label", "namespaces", "--all", label)
    plain = kit(build(f"namespace-a -> {B}:8443, 9000/udp", masquerade=COVERING).cluster)
    (scratch / "plain.yaml").write_bytes(plain.files[FILES["pods"]])
    taken.append(_command(scratch, *apply, scratch / "plain.yaml"))
    for done in taken:
        if done.returncode or "intentc-probe-" not in done.stdout or "Warning" in done.stderr:
            yield f"the server does not take the stand-ins: {done.stderr or done.stdout}"
    refused = _command(scratch, *apply, scratch / FILES["pods"])
    if "violates PodSecurity" not in refused.stderr or "hostPort" not in refused.stderr:
        yield f"a hostPort passes as restricted: {refused.stderr or refused.stdout}"
    _command(scratch, "kubectl", "label", "namespaces", "--all", label.partition("=")[0] + "-")
    taken_ports = _command(scratch, *apply, scratch / FILES["nodeports"])
    # The cluster has Services with these numbers, which is all that may be wrong with ours.
    complaints = [
        line for line in taken_ports.stderr.splitlines() if "provided port is already allocated" not in line
    ]
    if complaints:
        yield f"the server does not take the Services: {complaints}"


def _command(scratch: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command beside the control plane, with kubectl on its PATH."""
    variables = {
        "KUBECONFIG": scratch / "kubeconfig",
        "PATH": f"{scratch / 'bin'}:/usr/bin:/usr/sbin:/bin:/sbin",
        "PROBE_TIMEOUT": "1",
        "PROBE_MARGIN": "2",
    }
    settings = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run(
        ["ip", "netns", "exec", "cp", "env", *settings, *command], check=False, capture_output=True, text=True
    )


def _expect(
    what: str,
    scratch: Path,
    only: str,
    code: int,
    *words: str,
    ok: int = 0,
    failed: int = 0,
    skipped: int = 0,
) -> Iterator[str]:
    """Run the script and yield what it says, where that is not what it has to say."""
    start = time.monotonic()
    done = _command(scratch, "bash", scratch / "probe.sh", only)
    *lines, last = done.stdout.splitlines() or [""]
    wrong = [line for line in lines if line.startswith("FAILED") and not all(word in line for word in words)]
    if (
        (done.returncode, last) != (code, f"{ok} ok, {failed} failed, {skipped} skipped")
        or wrong
        or done.stderr
    ):
        yield f"when {what}, the script ends with {done.returncode}: {done.stdout}{done.stderr}"
    sys.stdout.write(f"    {time.monotonic() - start:6.1f} s  {what}\n")
    sys.stdout.flush()
