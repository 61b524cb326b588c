"""The API server takes every policy the compiler writes, as it is, and refuses what we say it refuses."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from intentc.prove.admission import refusals
from intentc.prove.documents import Unreadable
from intentc.prove.policy_reader import read_policies
from intentc.prove.shapes import Shapes
from tests.e2e import evidence, namespaces, odd_policies, programs, sandbox
from tests.e2e.api_server import JSON, ApiServer, Processes, Refused, collection
from tests.networkpolicy import refused_by_server, refused_by_us
from tests.networkpolicy.accepted import ACCEPTED
from tests.networkpolicy.cases import changed, document

SANDBOXED = True
ROOT = Path(__file__).parents[2]
ADDRESS = "172.16.0.2"
CLUSTERWIDE = "CiliumClusterwideNetworkPolicy"
AT_LEAST = 60
"""How many bad and odd policies both sides are asked about, at least."""


class Emitted(NamedTuple):
    """One document of an emitted file: where it is from, its bytes, and what they say."""

    place: str
    text: bytes
    content: dict[str, Any]

    @property
    def path(self) -> str:
        """Return the path of the object at the API server."""
        metadata = self.content["metadata"]
        return f"{collection(self.content['kind'], metadata.get('namespace', ''))}/{metadata['name']}"


def prepare() -> None:
    """Build the API server and kubectl."""
    programs.require(("etcd", "ip", "openssl", "unshare"))
    programs.prepare(("kube-apiserver", "kubectl"))


def run(*, short: bool) -> list[str]:
    """Return where the server and we disagree, and what it does not take; the short form asks as much."""
    with tempfile.TemporaryDirectory(dir=sandbox.SCRATCH) as scratch:
        processes = Processes(Path(scratch))
        try:
            namespaces.add("api")
            namespaces.inside("api", "ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
            server = ApiServer(processes, "api", ADDRESS)
            server.wait()
            return ask(server, short=short)
        finally:
            processes.stop()


def ask(server: ApiServer, *, short: bool) -> list[str]:
    """Ask everything of a server that is up; the long form writes what it saw, when nothing is wrong."""
    documents = list(emitted())
    define_clusterwide(server)
    sys.set_int_max_str_digits(0)  # one policy has a port of thousands of digits
    wrong = [text for each in documents for text in taken(server, each)]
    kinds = Counter(each.content["kind"] for each in documents)
    facts = [f"{kinds['NetworkPolicy']} emitted NetworkPolicies applied twice, each stored as written"]
    facts.append(
        f"{kinds[CLUSTERWIDE]} {CLUSTERWIDE[:-1]}ies likewise; a stand-in validates their metadata only"
    )
    rows, disagreements = table(server)
    wrong += disagreements
    if len(rows) < AT_LEAST:
        wrong.append(f"only {len(rows)} bad and odd policies were asked about")
    wrong += odd(server, rows)
    wrong += by_kubectl(server, facts)
    refused = sum(row.by_server for row in rows)
    facts.append(f"{len(rows)} bad and odd policies asked about: the server refuses {refused} of them")
    if not (short or wrong):
        evidence.write("api", evidence.api_page(facts, rows))
    return wrong


def emitted() -> Iterator[Emitted]:
    """Yield every document of every case and example; raise AssertionError when there are none."""
    folders = (ROOT / "tests" / "cases", ROOT / "examples")
    files = [path for folder in folders for path in sorted(folder.glob("**/kubernetes/*.yaml"))]
    assert files, "no emitted files"
    for path in files:
        if path.name == "kustomization.yaml":
            continue
        _, *documents = path.read_bytes().split(b"\n---\n")
        for number, text in enumerate(documents):
            content = yaml.safe_load(text)
            yield Emitted(f"{path.relative_to(ROOT)}, document {number + 1}", text, content)


def taken(server: ApiServer, each: Emitted) -> Iterator[str]:
    """Yield what is wrong with applying a document: tried, done, done again, compared; then delete it."""
    tried = server.apply(each.text, each.path, dryRun="All")
    if tried.status >= 300:
        yield f"{each.place}: refused: {tried.message}"
        return
    first, again = server.apply(each.text, each.path), server.apply(each.text, each.path)
    if (first.status, again.status) != (201, 200):
        said = f"{first.message}{again.message}"
        yield f"{each.place}: applied with {first.status}, then {again.status}: {said}"
        return
    if first.content["metadata"]["resourceVersion"] != again.content["metadata"]["resourceVersion"]:
        yield f"{each.place}: applying it again changes it"
    stored = first.content
    for part in (("spec",), ("metadata", "labels"), ("metadata", "annotations")):
        ours, theirs = each.content, stored
        for step in part:
            ours, theirs = ours.get(step, {}), theirs.get(step, {})
        if ours != theirs:
            yield f"{each.place}: `{'.'.join(part)}` is stored as {json.dumps(theirs)}"
    server.request("DELETE", each.path)


def define_clusterwide(server: ApiServer) -> None:
    """Make Cilium's kind known to the server, with a schema that takes anything: Cilium's own is not here."""
    names = {"kind": CLUSTERWIDE, "plural": CLUSTERWIDE[:-1].lower() + "ies", "singular": CLUSTERWIDE.lower()}
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v2", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    spec = {"group": "cilium.io", "scope": "Cluster", "names": names, "versions": [version]}
    name = f"{names['plural']}.cilium.io"
    server.make("CustomResourceDefinition", {"metadata": {"name": name}, "spec": spec})
    for _ in range(100):
        if server.request("GET", collection(CLUSTERWIDE)).status == 200:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{CLUSTERWIDE} is not served")


def table(server: ApiServer) -> tuple[list[evidence.Policy], list[str]]:
    """Ask both sides about the policies of `tests/networkpolicy`; return the rows and the disagreements."""
    cases = [
        (rule, name, document(case))
        for found in (refused_by_server.REFUSED, refused_by_us.REFUSED)
        for rule, named in found.items()
        for name, case in named.items()
    ]
    cases += [(rule, name, changed(case)) for rule, named in ACCEPTED.items() for name, case in named.items()]
    rows, wrong = [], []
    for rule, name, content in cases:
        if not _is_json(content):
            continue
        text = json.dumps(content)
        namespace = _namespace(content)
        path = f"{collection('NetworkPolicy', namespace)}?dryRun=All&fieldValidation=Strict"
        reply = server.request("POST", path, text.encode(), JSON)
        ours = refusals(content)
        should = any(refusal.group == "server" for refusal in ours)
        row = evidence.Policy(rule, name, reply.status >= 300, bool(ours), reply.message)
        rows.append(row)
        if row.by_server != should:
            expected = "refuses" if should else "takes"
            wrong.append(
                f"{rule} {name}: we say the server {expected} it; it says {reply.status} {reply.message}"
            )
    return rows, wrong


def odd(server: ApiServer, rows: list[evidence.Policy]) -> Iterator[str]:
    """Yield disagreements on texts of YAML that no parsed document shows; their rows are added."""
    for name, (text, server_refuses) in odd_policies.TEXTS.items():
        path = f"{collection('NetworkPolicy', 'data')}/odd"
        reply = server.apply(text.encode(), path, dryRun="All")
        row = evidence.Policy("YAML", name, reply.status >= 300, _refused_by_us(text), reply.message)
        rows.append(row)
        if row.by_server != server_refuses:
            expected = "refuse" if server_refuses else "take"
            yield f"{name}: the server was expected to {expected} it: {row.message}"
        if not row.by_us:
            yield f"{name}: we take it"


def by_kubectl(server: ApiServer, facts: list[str]) -> Iterator[str]:
    """Yield what kubectl says against the examples: strictly, applied twice, then no difference."""
    kubectl = (str(programs.built("kubectl")), f"--kubeconfig={server.kubeconfig}")
    for folder in sorted((ROOT / "examples").glob("*/generated/*/kubernetes")):
        apply = (*kubectl, "apply", "--server-side", "--validate=strict", "--filename", str(folder))
        try:
            for name in sorted({each.content["metadata"].get("namespace", "default") for each in emitted()}):
                _ensure(server, name)
            namespaces.inside("api", *apply, "--dry-run=server")
            namespaces.inside("api", *apply)
            namespaces.inside("api", *apply)
            namespaces.inside("api", *kubectl, "diff", "--server-side", "--filename", str(folder))
            namespaces.inside("api", *kubectl, "delete", "--filename", str(folder))
            facts.append(
                f"kubectl applied `{folder.relative_to(ROOT)}` twice, strictly, and saw no difference"
            )
        except RuntimeError as failed:
            yield f"{folder.relative_to(ROOT)}: {failed}"


def _ensure(server: ApiServer, namespace: str) -> None:
    if server.request("GET", f"{collection('Namespace')}/{namespace}").status == 404:
        try:
            server.make("Namespace", {"metadata": {"name": namespace}})
        except Refused as refused:
            raise RuntimeError(str(refused)) from refused


def _refused_by_us(text: str) -> bool:
    try:
        found = read_policies("kubernetes/odd.yaml", text.encode(), Shapes())
        return any(refusals(tree) for _, tree in found)
    except Unreadable:
        return True


def _namespace(content: object) -> str:
    metadata = content.get("metadata") if isinstance(content, dict) else None
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    return namespace if isinstance(namespace, str) and namespace else "data"


def _is_json(content: object) -> bool:
    """Return whether JSON can say this: dates, sets, keys that are numbers and 5432.0 are YAML's alone."""
    if isinstance(content, dict):
        return all(isinstance(key, str) and _is_json(value) for key, value in content.items())
    if isinstance(content, list):
        return all(map(_is_json, content))
    is_whole = isinstance(content, float) and content.is_integer()
    return content is None or (isinstance(content, str | int | float) and not is_whole)
