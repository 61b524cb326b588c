"""Try one change: build a fixed set of projects with it, in a process of its own."""

from __future__ import annotations

import ast
import importlib
import os
import pickle
import re
import signal
import sys
from types import ModuleType
from typing import Literal

from intentc.compiler import compile_texts
from tests.readback import CLUSTER

Verdict = Literal["proof", "crash", "error", "same", "cosmetic", "survived", "hung"]
"""What became of a change.

Stopped by the proof, an exception or a diagnostic; no byte changed, or only names and descriptions; lived.
"""

SECONDS = 60

_COSMETIC = re.compile(r'#|  name(:| +=)|  description +=|resource |    "(argocd|intentc)\.')

_CILIUM = CLUSTER.replace("dataplane: calico", "dataplane: cilium\n    nodeCIDRMatch: true").replace(
    "routes", "vpc-native"
)
PROFILES = {
    "explicit": CLUSTER + "namespaces: {a: {team: x}, b: {team: y}, shop: {team: x}, m: , kube-system: }\n",
    "managed": CLUSTER.replace("mode: explicit", "mode: gke-managed"),
    "denied": CLUSTER.replace("mode: explicit", "mode: egress-deny"),
    "masqueraded": CLUSTER.replace("192.168.0.0/16, ", ""),
    "node-local": CLUSTER.replace("dns: kube-dns", "dns: node-local\n    dnsClusterIP: 10.96.0.10"),
    "identity": CLUSTER.replace(
        "dns: kube-dns", "dns: cloud-dns\n    workloadIdentity: true\n    autopilot: true"
    ),
    "openshift": CLUSTER.replace("dns: kube-dns", "dns: openshift").replace(
        "mode: explicit", "mode: egress-deny"
    ),
    "cilium": _CILIUM.replace("dns: kube-dns", "dns: node-local\n    workloadIdentity: true"),
    "by-identity": _CILIUM.replace("nodeCIDRMatch", "clusterwidePolicies"),
    "own": CLUSTER.replace(
        "dns: kube-dns", "dns: {peers: [{cidr: 10.9.0.53/32}, {namespace: d, podLabels: {k: [p, q]}}]}"
    ),
    "default": "",
}
PLAIN = """a -> b:8443
a[app=x, tier!=y, role in (p, q), has, !not] -> b[app=z]:5432, 9090-9099, 53/udp, 7/sctp
a[app=x] -> b:80
{kubernetes.io/metadata.name in (b, a)}[k=v] -> b[k notin (u, v)]:443
isolate shop egress
isolate shop[app=only] ingress
a -> 203.0.113.0/24 except 203.0.113.64/26, 203.0.113.128/25:443, 2001:db8::/32:443
a -> internet:443
198.51.100.0/24 -> b[app=w]:8080
2001:db8:5::/48 -> b[app=v]:8080
internet -> b[app=u]:8080
shop -> google-apis-private:443
google-iap -> b[app=t]:22
a -> b[app=all]:*
"""
PATHS = """a -> b[app=p1]:8443 via nodeport 30443
a -> b[app=p2]:8443 via nodeport 30444 local
a -> b[app=p3]:8443 via hostport 18443
a -> m[app=p4]:9100 via hostnetwork
nodes -> b[app=p5]:8443
nodes -> b[app=p6]:8443 via nodeport 30445
nodes -> b[app=p7]:8443 via hostport 18444
nodes -> m[app=p8]:9101 via hostnetwork
203.0.113.0/24 -> b[app=p9]:8443 via nodeport 30446
203.0.113.0/24 -> b[app=p10]:8443 via nodeport 30447 local
internet -> b[app=p11]:8443 via loadbalancer 443
internet -> b[app=p12]:8443 via loadbalancer 444 local
google-health-checks -> b[app=p13]:8080
control-plane -> b[app=p14]:8443, 443, 10250, 443/udp
control-plane -> b[app=p15]:444, 10251
a -> control-plane:443
a -> nodes:10255
"""
NAMED = "a -> b[app=n]:metrics, http/udp\n"
LISTED = "{team=x} -> b[app=s]:1\n* -> b[app=every]:2\n"


ALONE = ("explicit", "managed", "denied", "masqueraded")
"""The profiles each line is built with by itself as well, where no other line can hide what a change does."""


def projects() -> dict[str, dict[str, str]]:
    """Return the projects every change is tried on."""
    found = {}
    for name, profile in PROFILES.items():
        extra = {"managed": NAMED, "explicit": LISTED}.get(name, "")
        text = PLAIN + (PATHS if profile else "") + extra
        settings = {"intentc.yaml": profile} if profile else {}
        found[name] = {"a.intent": text} | settings
        if name in ALONE:
            for number, line in enumerate(text.splitlines()):
                found[f"{name}-{number}"] = {"a.intent": line} | settings
    return found


def outcome() -> tuple[dict[str, bytes], set[str]]:
    """Build all projects; return every applied byte by path, and the codes of errors."""
    written: dict[str, bytes] = {}
    codes: set[str] = set()
    for name, files in projects().items():
        result = compile_texts(files)
        codes |= {item.code for item in result.diagnostics if item.severity == "error"}
        written |= {
            f"{name}/{item.path}": item.content
            for item in result.artifacts
            if not item.path.endswith("provenance.json")
        }
    return written, codes


def attempt(module_name: str, tree: ast.Module, baseline: dict[str, bytes]) -> Verdict:
    """Return what becomes of a module changed to `tree`; this process is not touched."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        os.write(writing, pickle.dumps(_in_child(module_name, tree, baseline)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    verdict: Verdict = pickle.loads(content) if content else "hung"  # noqa: S301 - written by the lines above
    return verdict


def _in_child(module_name: str, tree: ast.Module, baseline: dict[str, bytes]) -> Verdict:
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
    try:
        _install(importlib.import_module(module_name), tree)
        written, codes = outcome()
    except Exception:  # noqa: BLE001 - whatever a broken compiler raises
        return "crash"
    if any(code.startswith("E9") for code in codes):
        return "proof"
    if codes:
        return "error"
    if written == baseline:
        return "same"
    return "cosmetic" if _meaning(written) == _meaning(baseline) else "survived"


def _meaning(written: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return the documents and blocks of all files without what names and describes them, in no order."""
    found: set[tuple[str, str]] = set()
    for path, content in written.items():
        project = path.partition("/")[0]
        text = content.decode()
        if path.endswith("/outputs.tf"):
            continue
        for part in text.split("\n---\n" if path.endswith(".yaml") else "\n}\n"):
            lines = [line for line in part.splitlines() if line.strip() and not _COSMETIC.match(line)]
            found.add((f"{project}/{path.rpartition('/')[2].endswith('.tf')}", "\n".join(lines)))
    return found


def _install(module: ModuleType, tree: ast.Module) -> None:
    """Run the changed source in its module, and give its names to every module that imported the old ones."""
    before = dict(vars(module))
    exec(compile(tree, module.__file__ or "", "exec"), vars(module))  # noqa: S102 - our own source, changed
    after = vars(module)
    for other in [item for name, item in sys.modules.items() if name.startswith("intentc")]:
        for name, value in list(vars(other).items()):
            if name in before and value is before[name] and value is not after.get(name):
                setattr(other, name, after[name])
