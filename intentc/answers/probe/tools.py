"""Checks become the test files of netassert and Netchecks, and the NodePort Services they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from intentc import ir
from intentc.answers.probe.checks import Check, single_address
from intentc.answers.probe.standins import OWN_LABEL, StandIn
from intentc.answers.rendering import environment
from intentc.prove.labels import holds, label_set

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_ADDED_BY_NETCHECKS = {
    "app.kubernetes.io/name": "netchecks",
    "app.kubernetes.io/version": "",
    "app.kubernetes.io/instance": "",
    "app.kubernetes.io/component": "probe",
}
"""Labels by which the operator of Netchecks finds its own pods again, so no source may have other ones.

https://github.com/hardbyte/netchecks/blob/main/operator/netchecks_operator/main.py
"""


@dataclass(frozen=True, slots=True)
class NodePort:
    """A Service that opens a nodePort in front of the pods of one target."""

    name: str
    namespace: str
    selector: tuple[tuple[str, str], ...]
    policy: str
    protocol: str
    port: int
    target_port: int | str
    node_port: int


@dataclass(frozen=True, slots=True)
class _Test:
    name: str
    protocol: str
    port: int
    exit_code: int
    source: StandIn
    target: StandIn | None
    address: str


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    host: str
    port: int
    expected: str
    message: str


@dataclass(frozen=True, slots=True)
class _Assertion:
    source: StandIn
    rules: tuple[_Rule, ...]


def netassert(checks: Iterable[Check], pods: dict[ir.Pods, StandIn]) -> str:
    """Return a test file of netassert 2: TCP and UDP between pods by name, and TCP to an address.

    What a check needs beyond that (a node's address, a node as source) only the script can do. The format:
    https://github.com/controlplaneio/netassert/blob/master/internal/data/types.go
    """
    tests = []
    for number, (check, source) in enumerate(_direct(checks, pods), 1):
        target = pods.get(check.target) if isinstance(check.target, ir.Pods) else None
        address = single_address(check.target) if isinstance(check.target, ir.Addresses) else None
        if target is None and address is None:
            continue
        tests.append(
            _Test(
                _name(number, check),
                check.port.protocol.lower(),
                target.number(check.port) if target else check.port.first,
                0 if check.verdict == "allow" else 1,
                source,
                target,
                address or "",
            )
        )
    return environment().get_template("probe/netassert.yaml.j2").render(tests=tests)


def netchecks(checks: Iterable[Check], pods: dict[ir.Pods, StandIn]) -> str:
    """Return NetworkAssertions: what each source dials over TCP, from a pod with the source's labels.

    The operator reads `spec.rules` and `spec.template` (`create_job_spec` in its main.py); a rule of type
    `tcp` is read by https://github.com/hardbyte/netchecks/blob/main/netcheck/checks/tcp.py
    """
    rules: dict[str, list[_Rule]] = {}
    sources: dict[str, StandIn] = {}
    for number, (check, source) in enumerate(_direct(checks, pods), 1):
        if check.port.protocol != "TCP" or not isinstance(check.source, ir.Pods):
            continue
        wanted = label_set(check.source.pods, of_namespace=False) or ()
        if not holds(wanted, {**dict(source.labels), **_ADDED_BY_NETCHECKS}):
            continue
        target = pods.get(check.target) if isinstance(check.target, ir.Pods) else None
        address = single_address(check.target) if isinstance(check.target, ir.Addresses) else None
        if target is None and address is None:
            continue
        sources[source.name] = source
        rules.setdefault(source.name, []).append(
            _Rule(
                _name(number, check),
                f"{target.name}.{target.namespace}.svc" if target else address or "",
                target.number(check.port) if target else check.port.first,
                "pass" if check.verdict == "allow" else "fail",
                " ".join(filter(None, (check.place, check.said))),
            )
        )
    assertions = [
        _Assertion(source, tuple(rules[name]))
        for name, source in sorted(sources.items(), key=lambda item: (item[1].namespace, item[0]))
    ]
    template = environment().get_template("probe/networkassertions.yaml.j2")
    return template.render(assertions=assertions, own_label=OWN_LABEL)


def node_ports(checks: Iterable[Check], pods: dict[ir.Pods, StandIn]) -> list[NodePort]:
    """Return a Service for each `via nodeport`: before the pods that are meant where equality selects them.

    A Service knows no other selectors; then it stands before the stand-in alone.
    """
    found: dict[int, NodePort] = {}
    for check in checks:
        pod = pods.get(check.target) if isinstance(check.target, ir.Pods) else None
        if check.path.kind != "nodeport" or pod is None or check.path.number in found:
            continue
        port = pod.number(check.port)
        found[check.path.number] = NodePort(
            f"intentc-probe-{check.path.number}",
            pod.namespace,
            _equality(check.target) or ((OWN_LABEL, pod.name),),
            "Local" if check.path.local else "Cluster",
            check.port.protocol,
            port,
            check.port.name or port,
            check.path.number,
        )
    return [found[number] for number in sorted(found)]


def _equality(target: ir.Endpoint) -> tuple[tuple[str, str], ...]:
    if not isinstance(target, ir.Pods):
        return ()
    if any(item.operator != "In" or len(item.values) != 1 for item in target.pods):
        return ()
    return tuple((item.key, item.values[0]) for item in target.pods)


def _direct(checks: Iterable[Check], pods: dict[ir.Pods, StandIn]) -> Iterator[tuple[Check, StandIn]]:
    """Yield the checks that a pod can make without knowing a node, with the stand-in that makes them."""
    for check in checks:
        source = pods.get(check.source) if isinstance(check.source, ir.Pods) else None
        if source is not None and check.path.kind == "direct" and check.source != check.target:
            yield check, source


def _name(number: int, check: Check) -> str:
    """Return a name for a check: unique by its number, and readable."""
    ends = [_stem(check.source), _stem(check.target)]
    port = _NOT_IN_NAMES.sub("-", check.port.name or str(check.port.first))
    return f"{number:04d}-{check.verdict}-{ends[0]}-to-{ends[1]}-{port}-{check.port.protocol.lower()}"


def _stem(end: ir.Endpoint) -> str:
    word = (end.namespace or "pods") if isinstance(end, ir.Pods) else end.word
    return _NOT_IN_NAMES.sub("-", word.lower()).strip("-")[:63] or "x"
