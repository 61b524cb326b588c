"""Policies become findings where the manifests contradict them: pods and ports there are none of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from intentc import ir
from intentc.analysis.existing import Existing
from intentc.analysis.resolution import named_numbers, pod_port
from intentc.audit import places
from intentc.audit.context import Context, peer_pods, subject_pods
from intentc.audit.policies import DIRECTIONS, Peer, Policy, Port, Rule
from intentc.audit.selectors import place
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.manifests.tree import Value
from intentc.nearest import nearest
from intentc.source import Span

if TYPE_CHECKING:
    from intentc.inventory import Service, ServicePort, Workload

_LISTED = 6


class _Front(NamedTuple):
    """A Service in front of pods, its port, and which number of that is spoken of: `port` or `nodePort`."""

    service: Service
    port: ServicePort
    kind: str


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield where a policy speaks of what the manifests do not have; without manifests there is nothing."""
    existing = context.existing
    if existing is None or policy.pods is None:
        return
    subject = context.subject(policy)
    yield from _matching(policy.spec, "podSelector", policy.selector, subject_pods(policy), context)
    span = places.key(policy.spec, "podSelector")
    yield from _not_selectable(span, policy.selector, subject, is_peer=False)
    for direction in DIRECTIONS:
        for rule in policy.rules(direction):
            for peer in rule.peers:
                if peer.end is not None and not peer.is_block:
                    context.spend_on_namespaces(peer)
                    yield from _peer(policy, peer, context, existing)
            yield from _ports(policy, rule, context, existing)


# --- Who is there ---------------------------------------------------------------------------------------


def _peer(policy: Policy, peer: Peer, context: Context, existing: Existing) -> Iterator[Diagnostic]:
    pods = peer_pods(policy, peer)
    if peer.namespaces:
        spaces = existing.namespaces_of(pods)
        if not spaces:
            yield from _no_namespace(peer, peer.namespaces, context, existing)
            return
    name = "podSelector" if peer.pods else "namespaceSelector"
    yield from _matching(peer.value, name, peer.pods or (), pods, context)
    span = places.head(peer.value)
    yield from _not_selectable(span, peer.pods or (), existing.workloads_of(pods), is_peer=True)


def _no_namespace(
    peer: Peer, selector: ir.Selector, context: Context, existing: Existing
) -> Iterator[Diagnostic]:
    """Report a namespaceSelector that no known namespace satisfies, where that says something.

    Manifests of one application do not describe the namespaces of others. A selector that is nearly one of
    a known namespace is a mistake all the same; each is, where the project lists its namespaces.
    """
    named = next(
        (item for item in selector if item.key == ir.NAMESPACE_LABEL and item.operator == "In"), None
    )
    wanted = named or next((item for item in selector if item.operator == "In"), selector[0])
    said = wanted.values[0] if wanted.values else ""
    if named:
        known = existing.namespaces
    else:
        known = frozenset(its[wanted.key] for its in context.labels.values() if wanted.key in its)
    close = nearest(said, known - {said})
    if not close and not context.is_closed:
        return
    what = "namespace with a similar name" if named else "namespace with a similar label"
    text = close if named else f"{wanted.key}: {close}"
    listing = ", ".join(f"`{name}`" for name in sorted(existing.namespaces)[:_LISTED])
    help_text = f"a {what} exists: `{text}`" if close else f"known: {listing}"
    message, label = "`namespaceSelector` matches no namespace", "no namespace is known to have this"
    span = place(peer.value, "namespaceSelector", wanted.key)
    yield warning("W730", message, span, label, help=help_text)


def _matching(
    value: Value, name: str, selector: ir.Selector, pods: ir.Pods, context: Context
) -> Iterator[Diagnostic]:
    """Report a selector that no workload satisfies, where the manifests say what runs there."""
    existing = context.existing
    if existing is None or not selector or existing.workloads_of(pods):
        return
    spaces = [space for space in existing.namespaces_of(pods) if existing.has_workloads(space)]
    if not spaces or len(spaces) < len(existing.namespaces_of(pods)):
        return
    workloads = [item for space in spaces for item in existing.in_namespace(space)]
    context.budget.spend(len(workloads))
    key, help_text, fixes = _nearest_label(value, name, selector, workloads)
    where = f"`{pods.namespace}`" if pods.namespace else "these namespaces"
    message = f"`{name}` matches no pods"
    label = f"no workload in {where} has these labels"
    yield warning("W730", message, place(value, name, key), label, help=help_text, fixes=fixes)


def _nearest_label(
    value: Value, name: str, selector: ir.Selector, workloads: Iterable[Workload]
) -> tuple[str, str, tuple[Fix, ...]]:
    """Return the label that does not fit, and what was probably meant."""
    values: dict[str, set[str]] = {}
    for workload in workloads:
        for key, its in workload.labels:
            values.setdefault(key, set()).add(its)
    wrong = next(
        (
            item
            for item in selector
            if item.operator == "In" and not set(item.values) & values.get(item.key, set())
        ),
        selector[0],
    )
    said = wrong.values[0] if wrong.values else ""
    close_key = wrong.key if wrong.key in values else nearest(wrong.key, values)
    there = values.get(close_key or "", set())
    close = said if said in there else nearest(said, there)
    if close_key and close:
        fixes: tuple[Fix, ...] = ()
        labels = value.get(name, "matchLabels")
        if close_key == wrong.key and labels is not None and wrong.key in (labels.keys or {}):
            its_value = labels.get(wrong.key)
            if its_value is not None and its_value.plain:
                fixes = (Fix(f"write `{close}`", (Edit(its_value.span, close),), safe=False),)
        return wrong.key, f"a similar label exists: `{close_key}: {close}`", fixes
    known = sorted(f"{key}: {its}" for key, found in values.items() for its in found)
    if there:
        known = sorted(f"{close_key}: {its}" for its in there)
    listing = ", ".join(f"`{label}`" for label in known[:_LISTED])
    return wrong.key, f"labels there: {listing}" + (", …" if len(known) > _LISTED else ""), ()


def _not_selectable(
    span: Span, selector: ir.Selector, workloads: tuple[Workload, ...], *, is_peer: bool
) -> Iterator[Diagnostic]:
    """Report pods with hostNetwork: they have a node's address, and no policy knows them.

    Where a selector means other pods as well, it is a note; one for every pod means none of them.
    """
    on_nodes = [item for item in workloads if item.host_network]
    are_all = len(on_nodes) == len(workloads)
    if not on_nodes or not (are_all or selector):
        return
    what = "all" if are_all else "some"
    message = f"{what} of these pods run with hostNetwork"
    label = "they have a node's address, and are never matched" if is_peer else "no policy applies to them"
    help_texts = (
        "the firewall in front of the nodes decides who reaches them"
        if not is_peer
        else "an `ipBlock` with the addresses of the nodes stands for them, where the data plane matches it",
    )
    others = tuple(Label(item.host_network or item.span, f"`{item.path}`") for item in on_nodes[:2])
    found = warning("W734", message, span, label, others=others, help=help_texts)
    yield found if are_all else found._replace(severity="note")


# --- Ports ----------------------------------------------------------------------------------------------


def _ports(policy: Policy, rule: Rule, context: Context, existing: Existing) -> Iterator[Diagnostic]:
    """Report ports that the receiving pods do not have; pods that declare none at all are not judged."""
    workloads = _receiving(policy, rule, context)
    if not workloads or any(not item.ports for item in workloads):
        return
    context.budget.spend(len(workloads))
    numbers = {(its.protocol, its.number) for item in workloads for its in item.ports}
    names = {(its.protocol, its.name) for item in workloads for its in item.ports}
    fronts: dict[int, _Front] | None = None
    for port in rule.ports:
        if port.first != port.last or (not port.name and not port.first):
            continue
        declared: set[tuple[str, str]] | set[tuple[str, int]] = names if port.name else numbers
        wanted: str | int = port.name or port.first
        if (port.protocol, wanted) in declared:
            continue
        protocols = [protocol for protocol in ir.PROTOCOLS if (protocol, wanted) in declared]
        if protocols:
            yield _other_protocol(port, protocols, workloads)
            continue
        if fronts is None:
            fronts = _in_front(workloads, existing, context)
        if not port.name and port.first in fronts:
            yield _of_service(port, fronts[port.first], workloads)
        else:
            yield _undeclared(port, workloads[0], numbers, names)


def _receiving(policy: Policy, rule: Rule, context: Context) -> tuple[Workload, ...]:
    """Return the pods that connections of a rule are opened to; none where some of them are not known."""
    if rule.direction == "ingress":
        found = context.subject(policy)
    else:
        if not rule.peers or any(peer.is_block for peer in rule.peers):
            return ()
        each = [context.of_peer(policy, peer) for peer in rule.peers]
        if not all(each):
            return ()
        found = tuple(dict.fromkeys(item for its in each for item in its))
        if any(_is_open(peer, context) for peer in rule.peers):
            return ()
    return tuple(item for item in found if not item.host_network)


def _is_open(peer: Peer, context: Context) -> bool:
    """Tell whether a peer may stand for pods in namespaces that the manifests do not describe."""
    if context.existing is None or peer.namespaces is None:
        return False
    spaces = context.existing.namespaces_of(ir.Pods(peer.namespaces))
    return not all(context.describes(name) for name in spaces) or peer.namespaces == ()


def _other_protocol(port: Port, protocols: Sequence[str], workloads: Iterable[Workload]) -> Diagnostic:
    listing = " and ".join(protocols)
    message = f"port `{port.text}` is {listing} there, not {port.protocol}"
    said = port.value.get("protocol")
    label = (
        "a port without a protocol is TCP" if said is None else f"nothing listens on it over {port.protocol}"
    )
    wanted = port.name or port.first
    declared = (its for item in workloads for its in item.ports if wanted in (its.name, its.number))
    others = (Label(next(declared).span, "declared here"),)
    fixes: tuple[Fix, ...] = ()
    if said is not None and len(protocols) == 1 and said.plain:
        fixes = (Fix(f"write `{protocols[0]}`", (Edit(said.span, protocols[0]),), safe=False),)
    help_text = f"write `protocol: {protocols[0]}`"
    return warning("W733", message, port.span, label, others=others, help=help_text, fixes=fixes)


def _in_front(workloads: Iterable[Workload], existing: Existing, context: Context) -> dict[int, _Front]:
    """Return the Services in front of pods, by each port of theirs that is another one behind them."""
    found: dict[int, _Front] = {}
    for workload in workloads:
        services = existing.serving(workload)
        context.budget.spend(len(services))
        for service in services:
            for its in service.ports:
                if its.target != its.number:
                    found.setdefault(its.number, _Front(service, its, "port"))
                if its.node_port:
                    found.setdefault(its.node_port, _Front(service, its, "nodePort"))
    return found


def _of_service(port: Port, front: _Front, workloads: tuple[Workload, ...]) -> Diagnostic:
    service, its, kind = front
    numbers = named_numbers(pod_port(its), workloads) if isinstance(its.target, str) else (its.target,)
    right = str(numbers[0] if len(numbers) == 1 else its.target)
    message = f"`{port.text}` is the {'Service port' if kind == 'port' else 'nodePort'}, not the pod port"
    label = "a policy sees the port of the pod"
    others = (
        Label(its.node_span or its.span if kind == "nodePort" else its.span, f"Service `{service.path}`"),
    )
    fix = Fix(f"write `{right}`", (Edit(port.span, right),), safe=False)
    help_text = f"the pods listen on `{right}`"
    return warning("W731", message, port.span, label, others=others, help=help_text, fixes=(fix,))


def _undeclared(
    port: Port, first: Workload, numbers: set[tuple[str, int]], names: set[tuple[str, str]]
) -> Diagnostic:
    message = f"no container declares port `{port.text}`"
    others = (Label(first.span, f"`{first.path}`"),)
    if port.name:
        known = sorted({name for _, name in names if name})
        close = nearest(port.name, known)
        listing = ", ".join(f"`{name}`" for name in known[:_LISTED]) or "none"
        help_text = f"a port with a similar name exists: `{close}`" if close else f"named there: {listing}"
        label = "a name without a port matches nothing"
        return warning("W732", message, port.span, label, others=others, help=help_text)
    listing = ", ".join(f"`{number}`" for number in sorted({number for _, number in numbers})[:_LISTED])
    help_text = f"declared there: {listing}"
    label = "the pods may still listen on it"
    found = warning("W732", message, port.span, label, others=others, help=help_text)
    return found._replace(severity="note")
