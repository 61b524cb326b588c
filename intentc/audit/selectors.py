"""Selectors become findings: two that were meant as one, and those that nothing can satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from intentc import ir
from intentc.analysis.existing import BUILT_IN
from intentc.audit import places
from intentc.audit.context import Context, one_namespace
from intentc.audit.policies import Peer, Policy, Rule
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.manifests.tree import Value
from intentc.prove.labels import label_set
from intentc.source import Span

_SYSTEM = frozenset(
    [
        "alertmanager", "cert-manager", "coredns", "fluent-bit", "fluentd", "gatekeeper", "grafana",
        "ingress-nginx", "istio-ingressgateway", "istiod", "konnectivity-agent", "kube-dns",
        "kube-state-metrics", "kyverno", "metrics-server", "nginx-ingress", "node-local-dns", "prometheus",
        "traefik",
    ]
)  # fmt: skip
"""What pods are called that serve a whole cluster, out of a namespace of their own."""

_NAMES = (ir.NAMESPACE_LABEL, "name")


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield what is wrong with the selectors of a policy."""
    yield from _never(policy.spec, "podSelector", policy.selector, of_namespace=False)
    for rule in policy.written:
        for first, second in pairwise(rule.peers):
            yield from _alternatives(policy, rule, first, second, context)
        for peer in rule.peers:
            if peer.is_block:
                yield from _no_address(peer)
                continue
            yield from _never(peer.value, "podSelector", peer.pods or (), of_namespace=False)
            yield from _never(peer.value, "namespaceSelector", peer.namespaces or (), of_namespace=True)
            yield from _unset_label(peer, context)


def place(value: Value, selector: str, key: str) -> Span:
    """Return where a selector speaks of a label."""
    labels = value.get(selector, "matchLabels")
    if labels is not None and key in (labels.keys or {}):
        its = labels.content[key] if isinstance(labels.content, dict) else labels
        span = places.key(labels, key)
        return span.until(its.span) if its.span.end > span.end else span
    expressions = value.get(selector, "matchExpressions")
    for expression in expressions.members() if expressions else ():
        named = expression.get("key")
        if named is not None and named.content == key:
            return named.span
    return places.key(value, selector)


# --- Two peers that were meant as one -------------------------------------------------------------------


def _alternatives(
    policy: Policy, rule: Rule, first: Peer, second: Peer, context: Context
) -> Iterator[Diagnostic]:
    """Find a namespaceSelector and a podSelector in items of their own where one item was meant."""
    spaces, pods = (first, second) if first.namespaces is not None else (second, first)
    if spaces.namespaces is None or spaces.pods is not None or pods.namespaces is not None or not pods.pods:
        return
    is_meant = _is_one_meant(policy, rule, spaces, pods, context)
    if is_meant is False:
        return
    here = "the namespaces selected" if spaces.namespaces else "every namespace"
    label = f"pods of `{policy.namespace}` with these labels"
    others = (Label(places.head(spaces.value), f"every pod of {here}"),)
    help_text = "both in one item mean both at once: write the second without its `-`, below the first"
    message = "two peers that look like one"
    span = places.head(pods.value)
    found = warning("W701", message, span, label, others=others, help=help_text, fixes=_joined(second))
    yield found if is_meant else found._replace(severity="note")


def _joined(second: Peer) -> tuple[Fix, ...]:
    mark = places.dash(second.value)
    if mark is None:
        return ()
    edit = Edit(Span(second.value.span.file, mark, mark + 1), " ")
    return (Fix("make them one peer", (edit,), safe=False),)


def _is_one_meant(policy: Policy, rule: Rule, spaces: Peer, pods: Peer, context: Context) -> bool | None:
    """Tell whether pods of the selected namespaces are meant, and not pods of the policy's own.

    None where nothing decides it.
    """
    if not spaces.namespaces:
        return True
    own = policy.namespace
    if context.describes(own) and context.existing is not None:
        if context.existing.workloads_of(ir.Pods(one_namespace(own), pods.pods or ())):
            return False
        if context.existing.workloads_of(ir.Pods(spaces.namespaces, pods.pods or ())):
            return True
    names = {
        value
        for requirement in spaces.namespaces
        if requirement.key in _NAMES and requirement.operator == "In"
        for value in requirement.values
    }
    if own in names:
        return False
    if any(port.first <= 53 <= port.last and port.last - port.first < 1000 for port in rule.ports):
        return True
    values = {value for item in pods.pods or () if item.operator == "In" for value in item.values}
    return True if values & (_SYSTEM | names) else None


# --- Selectors that nothing satisfies -------------------------------------------------------------------


def _never(value: Value, name: str, selector: ir.Selector, *, of_namespace: bool) -> Iterator[Diagnostic]:
    """Find requirements that no object can satisfy."""
    if not of_namespace:
        for requirement in selector:
            if requirement.key == ir.NAMESPACE_LABEL and requirement.operator in ("In", "Exists"):
                message = f"`{name}` asks for a label of namespaces"
                label = "no pod carries it: nothing is selected"
                help_text = (
                    "it belongs into a `namespaceSelector`; a policy selects pods of its own namespace"
                )
                yield warning("W708", message, place(value, name, requirement.key), label, help=help_text)
                return
    if label_set(selector, of_namespace=of_namespace) is not None:
        return
    by_key: dict[str, list[ir.Requirement]] = {}
    for requirement in selector:
        by_key.setdefault(requirement.key, []).append(requirement)
    key = next(key for key, its in by_key.items() if label_set(tuple(its), of_namespace=of_namespace) is None)
    message = f"nothing can satisfy this `{name}`"
    label = f"the requirements on `{key}` contradict each other"
    help_text = "several values of one label are alternatives only in `matchExpressions` with `In`"
    yield warning("W709", message, place(value, name, key), label, help=help_text)


def _no_address(peer: Peer) -> Iterator[Diagnostic]:
    """Find an ipBlock whose exceptions leave nothing."""
    if peer.end is not None or peer.cidr is None:
        return
    message = "exceptions leave no address of the range"
    help_text = "leave the peer out, or an exception"
    yield warning("W709", message, peer.cidr.span, "matches nothing", help=help_text)


def _unset_label(peer: Peer, context: Context) -> Iterator[Diagnostic]:
    """Find a namespace that every cluster has, selected by a label that Kubernetes does not give it.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
    """
    for requirement in peer.namespaces or ():
        if requirement.key != "name" or requirement.operator != "In":
            continue
        built_in = [name for name in requirement.values if name in BUILT_IN]
        context.spend_on_namespaces(peer)
        if not built_in or _is_labelled(context, built_in[0]):
            continue
        span = place(peer.value, "namespaceSelector", "name")
        labels = peer.value.get("namespaceSelector", "matchLabels")
        fixes: tuple[Fix, ...] = ()
        if labels is not None and "name" in (labels.keys or {}):
            edit = Edit(places.key(labels, "name"), ir.NAMESPACE_LABEL)
            fixes = (Fix(f"write `{ir.NAMESPACE_LABEL}`", (edit,), safe=False),)
        message = f"`{built_in[0]}` has no label `name` by itself"
        label = "matches only where somebody has set it"
        help_text = f"every namespace carries its name as `{ir.NAMESPACE_LABEL}`"
        yield warning("W710", message, span, label, help=help_text, fixes=fixes)


def _is_labelled(context: Context, name: str) -> bool:
    if context.existing is None:
        return False
    return name in context.existing.namespaces_of(ir.Pods((ir.Requirement("name", "In", (name,)),)))
