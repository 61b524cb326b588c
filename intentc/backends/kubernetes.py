"""A policy's rules for pods become NetworkPolicies, one file a namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Literal

from intentc.backends import cilium
from intentc.backends.naming import slug
from intentc.backends.rendering import Prepared, render
from intentc.backends.subjects import expand
from intentc.backends.yaml import quote
from intentc.diagnostics import Diagnostic, error, has_errors
from intentc.ir import (
    NAMESPACE_LABEL,
    NO_CLAUSES,
    Addresses,
    Artifact,
    Block,
    Endpoint,
    Flow,
    Pods,
    Point,
    Policy,
    Ports,
    Requirement,
    Selector,
)
from intentc.profile import Profile

HEADER = "# Written by intentc. Change the intents, not this file.\n"

MAXIMUM_DOCUMENT = 200 * 1024
"""How large a policy may become, in bytes, before it is split.

A client-side apply keeps the whole object in an annotation, and annotations end at 256 KiB:
https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/#syntax-and-character-set
"""

MAXIMUM_NAME = 63

Direction = Literal["Egress", "Ingress"]
_PEERS_KEY = {"Egress": "to", "Ingress": "from"}
_DIRECTION: dict[Point, Direction] = {Point.LEAVING_POD: "Egress", Point.ENTERING_POD: "Ingress"}
_ANY_NAMESPACE: Selector = (Requirement(NAMESPACE_LABEL, "Exists"),)
_MERGED_CLAUSES = ("because", "owner", "ticket")

_POLICY = Prepared(
    "kubernetes/policy.yaml.j2",
    name=None,
    namespace=None,
    annotations=None,
    pod_selector=None,
    policy_type=None,
    rules=None,
)
_RULE = Prepared("kubernetes/rule.yaml.j2", peers_key=None, peers=None, ports=None)
_EVERY_POD = Prepared("kubernetes/pod_peer.yaml.j2", namespaces=None, pods=())
_SOME_PODS = Prepared("kubernetes/pod_peer.yaml.j2", namespaces=None, pods=(None,))


@dataclass(slots=True)
class _Subject:
    """What one policy selects and allows: peers by their fragment, each with its ports, some perhaps twice.

    `node_ports` are the ports of nodes where nodes are known by identity, not by address.
    """

    namespace: str
    pods: Selector
    direction: Direction
    peers: dict[str, list[Ports]] = field(default_factory=dict)
    node_ports: list[Ports] = field(default_factory=list)
    clauses: dict[str, set[str]] = field(default_factory=dict)
    has_intents: bool = False

    def note(self, flow: Flow) -> None:
        """Take over what the clauses of `flow` say of why and who; when it ends is for the build alone."""
        if flow.clauses is NO_CLAUSES:
            return
        for word in _MERGED_CLAUSES:
            said = getattr(flow.clauses, word)
            if said:
                self.clauses.setdefault(word, set()).add(said)


def emit(policy: Policy, profile: Profile) -> tuple[tuple[Artifact, ...], tuple[Diagnostic, ...]]:
    """Return one file for each namespace that has an isolated pod, `kubernetes/<namespace>.yaml`.

    A node address in a policy of a data plane that never matches one is an error (E401), and so is a subject
    in namespaces nobody has listed (E403): a policy lives in one namespace. With `clusterwidePolicies` nodes
    are admitted by a file beside it, `kubernetes/<namespace>.clusterwide.yaml`.
    """
    diagnostics: list[Diagnostic] = list(_ineffective(policy, profile))
    subjects = _subjects(policy, profile, diagnostics)
    if has_errors(diagnostics):
        return (), tuple(diagnostics)
    files: dict[str, list[tuple[_Subject, bool]]] = {}
    for subject in subjects.values():
        files.setdefault(_file_name(subject.namespace), []).append((subject, False))
        if subject.node_ports:
            files.setdefault(cilium.file_name(subject.namespace), []).append((subject, True))
    # File by file, so that what the policies are made of goes as their bytes come.
    del subjects
    artifacts = tuple([Artifact(f"kubernetes/{name}", _file(files.pop(name))) for name in sorted(files)])
    _forget()
    return artifacts, tuple(diagnostics)


def _forget() -> None:
    """Let go of fragments of text: another cluster has peers of its own, and makes the common ones anew."""
    for made in (_pod_peer, _address_peer, _selector, _ports):
        made.cache_clear()


def kustomization(artifacts: Iterable[Artifact]) -> Artifact:
    """Return a `kustomization.yaml` beside the policies that lists each file.

    Only on request: the time `kubectl kustomize` takes grows with the square of the number of resources.
    """
    names = [PurePosixPath(artifact.path).name for artifact in artifacts]
    text = render("kubernetes/kustomization.yaml.j2", names=sorted(names))
    return Artifact("kubernetes/kustomization.yaml", (HEADER + text).encode())


def _ineffective(policy: Policy, profile: Profile) -> Iterator[Diagnostic]:
    """Refuse node addresses where the data plane identifies nodes by identity and never by address.

    https://docs.cilium.io/en/stable/security/policy/language/#selecting-nodes-with-cidr-ipblock
    """
    if profile.dataplane == "calico" or profile.node_cidr_match or profile.clusterwide_policies:
        return
    seen: set[int] = set()
    for rule in policy.rules:
        peer = rule.target if rule.point is Point.LEAVING_POD else rule.source
        if rule.point not in _DIRECTION or not isinstance(peer, Addresses) or peer.word != "nodes":
            continue
        for origin in rule.origins:
            if origin.flow is None or id(origin.flow.span) in seen:
                continue
            seen.add(id(origin.flow.span))
            ways: list[str] = []
            if isinstance(origin.flow.source, Pods) and origin.flow.path.kind in ("nodeport", "hostport"):
                ways.append("go by the ClusterIP Service: an intent without `via` needs no node address")
            if origin.flow.path.kind in ("nodeport", "loadbalancer") and rule.point is Point.ENTERING_POD:
                ways.append(
                    "`local` (externalTrafficPolicy: Local) keeps the source, so that ingress needs none"
                )
            ways.append("`nodeCIDRMatch: true`, where Cilium runs with `policy-cidr-match-mode=nodes`")
            ways.append("`clusterwidePolicies: true`, where CiliumClusterwideNetworkPolicy is enabled")
            message = f"node address in a policy of cluster `{profile.name}`"
            label = f"an ipBlock never matches a node on `{profile.dataplane}`"
            yield error("E401", message, origin.flow.span, label, help=tuple(ways))


def _subjects(
    policy: Policy, profile: Profile, diagnostics: list[Diagnostic]
) -> dict[tuple[str, Selector, Direction], _Subject]:
    """Return every policy to write, keyed by what it selects, with all it allows."""
    subjects: dict[tuple[str, Selector, Direction], _Subject] = {}
    by_pods: dict[Direction, dict[Pods, list[_Subject]]] = {"Egress": {}, "Ingress": {}}
    for isolation in policy.isolations:
        direction = _DIRECTION[isolation.point]
        its_subjects = by_pods[direction].setdefault(isolation.pods, [])
        for namespace in expand(isolation, policy.namespaces, diagnostics):
            if not policy.within.holds(namespace):
                continue
            key = (namespace, isolation.pods.pods, direction)
            subject = subjects.get(key)
            if subject is None:
                subject = subjects[key] = _Subject(*key)
            its_subjects.append(subject)
            subject.has_intents = subject.has_intents or bool(isolation.origins)
            for flow in isolation.origins:
                subject.note(flow)
    fragments: dict[Endpoint, tuple[str, ...]] = {}
    for rule in policy.rules:
        if rule.point not in _DIRECTION:
            continue
        direction = _DIRECTION[rule.point]
        pods, peer = (rule.source, rule.target) if direction == "Egress" else (rule.target, rule.source)
        if not isinstance(pods, Pods):
            raise AssertionError(f"a rule at a pod whose pod end is {pods}")  # noqa: TRY004 - not a caller's mistake
        by_identity = profile.clusterwide_policies and isinstance(peer, Addresses) and peer.word == "nodes"
        its_fragments = fragments.get(peer)
        if its_fragments is None and not by_identity:
            its_fragments = fragments[peer] = _peers(peer)
        for subject in by_pods[direction][pods]:
            if its_fragments is None or by_identity:
                subject.node_ports.append(rule.ports)
                continue
            for fragment in its_fragments:
                ports = subject.peers.get(fragment)
                if ports is None:
                    subject.peers[fragment] = [rule.ports]
                else:
                    ports.append(rule.ports)
    return subjects


def _file(subjects: Iterable[tuple[_Subject, bool]]) -> bytes:
    """Return the bytes of one file: each subject with whether its policy for nodes is meant."""
    documents: list[tuple[str, str]] = []
    for subject, is_for_nodes in subjects:
        documents.extend([_clusterwide(subject)] if is_for_nodes else _documents(subject))
    return (HEADER + "".join([text for _, text in sorted(documents)])).encode()


def _file_name(namespace: str) -> str:
    # A file `kustomization.yaml` would be taken for something else; no namespace has a dot in its name.
    return f"{namespace}.policies.yaml" if namespace == "kustomization" else f"{namespace}.yaml"


def _documents(subject: _Subject) -> Iterator[tuple[str, str]]:
    """Yield name and text of the policies for one subject: one, or several where one would be too large."""
    stem = _name(subject)
    for number, rules in enumerate(_parts(_rules(subject))):
        name = stem if number == 0 else f"{stem}-{number + 1}"
        yield name, _document(subject, name, rules)


def _clusterwide(subject: _Subject) -> tuple[str, str]:
    """Return name and text of the policy for the nodes; the name is one of the whole cluster."""
    name = f"{subject.namespace}.{_name(subject)}"
    selector = _selector(cilium.selector_of(subject.namespace, subject.pods), 4)
    ports = _joined(subject.node_ports)
    return name, cilium.document(name, _annotations(subject), selector, subject.direction, ports)


def _annotations(subject: _Subject) -> tuple[tuple[str, str], ...]:
    # A policy without an intent is applied after those with one, so that nothing is cut off in between.
    wave = ("argocd.argoproj.io/sync-wave", "0" if subject.has_intents else "1")
    if not subject.clauses:
        return (wave,)
    clauses = sorted(subject.clauses.items())
    return (wave, *((f"intentc.io/{word}", "; ".join(sorted(said))) for word, said in clauses))


def _document(subject: _Subject, name: str, rules: str) -> str:
    key = "egress" if subject.direction == "Egress" else "ingress"
    return _POLICY(
        name,
        subject.namespace,
        _written(_annotations(subject)),
        "\n" + _selector(subject.pods, 4).rstrip("\n") if subject.pods else " {}",
        subject.direction,
        f"  {key}:\n{rules}" if rules else "",
    )


@lru_cache(maxsize=4096)
def _written(annotations: tuple[tuple[str, str], ...]) -> str:
    return render("kubernetes/annotations.yaml.j2", annotations=annotations)


def _rules(subject: _Subject) -> list[str]:
    """Return the rules of a subject, each for the peers that have exactly the same ports."""
    by_ports: dict[str, list[str]] = {}
    for peer, ports in subject.peers.items():
        text = _ports(_joined(ports) if len(ports) > 1 else tuple(ports))
        by_ports.setdefault(text, []).append(peer)
    key = _PEERS_KEY[subject.direction]
    rules = [
        _rule(key, part, ports_text)
        for ports_text, peers in by_ports.items()
        for part in (_parts(sorted(peers)) if len(peers) > 1 else peers)
    ]
    rules.sort()
    return rules


@lru_cache(maxsize=4096)  # every isolated source has the same rule for its resolvers
def _rule(key: str, peers: str, ports: str) -> str:
    return _RULE(key, peers, ports)


def _parts(fragments: Iterable[str]) -> Iterator[str]:
    """Join fragments, in order, into as few texts as stay below the size of a document; at least one."""
    part: list[str] = []
    size = 0
    for fragment in fragments:
        if part and size + len(fragment) > MAXIMUM_DOCUMENT * 3 // 4:
            yield "".join(part)
            part, size = [], 0
        part.append(fragment)
        size += len(fragment)
    yield "".join(part)


def _peers(peer: Endpoint) -> tuple[str, ...]:
    if isinstance(peer, Pods):
        return _pod_peer(peer)
    if not peer.blocks:
        raise AssertionError(f"a rule for pods names `{peer.word}` without an address")  # it would be dropped
    return tuple(_address_peer(block) for block in peer.blocks)


@cache
def _pod_peer(pods: Pods) -> tuple[str, ...]:
    """Return the peer for `pods`: both selectors in one peer, since two peers would mean either."""
    # An empty namespaceSelector would be an empty map; every namespace has the label with its own name.
    namespaces = _selector(pods.namespaces, 12) or _selector(_ANY_NAMESPACE, 12)
    if not pods.pods:
        return (_EVERY_POD(namespaces),)
    return (_SOME_PODS(namespaces, _selector(pods.pods, 12)),)


@cache
def _address_peer(block: Block) -> str:
    return render("kubernetes/address_peer.yaml.j2", cidr=block.cidr, excepts=block.excepts)


@cache
def _selector(selector: Selector, indent: int) -> str:
    equalities = [
        (item.key, item.values[0]) for item in selector if item.operator == "In" and len(item.values) == 1
    ]
    expressions = [
        (item.key, item.operator, item.values)
        for item in selector
        if not (item.operator == "In" and len(item.values) == 1)
    ]
    return render(
        "kubernetes/selector.yaml.j2", equalities=equalities, expressions=expressions, indent=" " * indent
    )


@cache
def _ports(ports: tuple[Ports, ...]) -> str:
    shown = [
        (
            port.protocol,
            quote(port.name) if port.name else str(port.first),
            [port.last] if port.last > port.first else [],
        )
        for port in ports
    ]
    return render("kubernetes/ports.yaml.j2", ports=shown)


def _joined(ports: Iterable[Ports]) -> tuple[Ports, ...]:
    """Return ports sorted, each once, overlapping ranges of a protocol as one."""
    joined: list[Ports] = []
    for port in sorted(set(ports)):
        last = joined[-1] if joined else None
        if (
            last
            and not last.name
            and not port.name
            and last.protocol == port.protocol
            and port.first <= last.last
        ):
            joined[-1] = Ports(last.protocol, last.first, max(last.last, port.last))
        else:
            joined.append(port)
    return tuple(joined)


def _name(subject: _Subject) -> str:
    """Return the policy's name, which depends on the subject alone, so that no other line ever renames it.

    All pods of a namespace: `<namespace>-egress`. Some of them: the labels, then ten hexadecimal digits of
    the subject, which no direction's word can be taken for.
    """
    direction = subject.direction.lower()
    if not subject.pods and len(plain := f"{subject.namespace}-{direction}") <= MAXIMUM_NAME:
        return plain
    labels, identity = _identity(subject.pods)
    digest = sha256(f"({subject.namespace!r}, {identity}, {direction!r})".encode()).hexdigest()[:10]
    room = MAXIMUM_NAME - len(direction) - len(digest) - 2
    return f"{_stem(labels or subject.namespace, room)}-{direction}-{digest}"


_stem = lru_cache(maxsize=4096)(slug)


@lru_cache(maxsize=4096)
def _identity(selector: Selector) -> tuple[str, str]:
    """Return a selector's words, and a text that no other selector has."""
    return "-".join(_words(selector)), repr(selector)


def _words(selector: Selector) -> Iterator[str]:
    for item in selector:
        if item.operator in ("NotIn", "DoesNotExist"):
            yield "not"
        yield item.key.rpartition("/")[2]
        yield from item.values
