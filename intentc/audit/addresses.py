"""Address ranges of policies become findings: those of the cluster itself, and exceptions without effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_network

from intentc.audit import places
from intentc.audit.context import Context, on_clusters
from intentc.audit.nodes import needless_node_rule
from intentc.audit.policies import DIRECTIONS, End, LeftOut, Peer, Policy, Rule
from intentc.diagnostics import Diagnostic, Edit, Fix, Label, warning
from intentc.manifests.tree import Value
from intentc.profile import Profile
from intentc.prove.numbers import NO_NUMBERS, Numbers, PortSet, address_range, port_set

_METADATA = address_range("169.254.169.254/32")[1]
_METADATA_PORTS = port_set([("TCP", 80, 80)])
_HEALTH_CHECKS = ("35.191.0.0/16", "130.211.0.0/22")
"""Where Google's health checks and balancers come from: always both.

https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges
"""


def check(policy: Policy, context: Context) -> Iterator[Diagnostic]:
    """Yield what is wrong with the address ranges of a policy."""
    for rule in policy.written:
        for peer in rule.peers:
            if peer.cidr is not None:
                yield from _host_bits(peer.cidr)
                for value in _excepts(peer):
                    yield from _host_bits(value)
    for direction in DIRECTIONS:
        for rule in policy.rules(direction):
            for index, peer in enumerate(rule.peers):
                if peer.end is not None and peer.is_block:
                    clusters = context.clusters
                    found = [tuple(_own(policy, rule, index, profile, context)) for profile in clusters]
                    yield from on_clusters(found)
                    yield from _without_effect(policy, rule, peer, context)
    yield from _half_of_the_checks(policy)


# --- Addresses of the cluster ---------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _numbers(ranges: tuple[str, ...], family: int) -> Numbers:
    found = NO_NUMBERS
    for cidr in ranges:
        its_family, interval = address_range(cidr)
        if its_family == family:
            found |= Numbers((interval,))
    return found


def _inside(end: End, ranges: Iterable[str]) -> bool:
    return not end.addresses - _numbers(tuple(ranges), end.family)


def _own(policy: Policy, rule: Rule, index: int, profile: Profile, context: Context) -> Iterator[Diagnostic]:
    """Find ranges of a cluster's pods, Services and nodes."""
    peer = rule.peers[index]
    if peer.end is None or peer.cidr is None:
        return
    if _inside(peer.end, profile.pod_cidrs):
        yield _of_pods(peer.cidr, profile)
    elif profile.service_cidr and _inside(peer.end, (profile.service_cidr,)):
        if not _is_resolver(peer, profile):
            yield _of_services(peer.cidr, rule, profile)
    elif _inside(peer.end, profile.node_cidrs) and not _is_control_plane(peer.end, profile):
        if profile.dataplane == "calico" or profile.node_cidr_match:
            yield from needless_node_rule(policy, rule, peer, profile, context)
        else:
            yield _never_matches(rule, index, profile)


def _of_pods(cidr: Value, profile: Profile) -> Diagnostic:
    message = f"`{cidr.content}` holds addresses of pods"
    label = f"pod addresses of cluster `{profile.name}`, which change with every pod"
    help_texts = ["select the pods by `podSelector` and `namespaceSelector`"]
    if profile.dataplane != "calico":
        help_texts.append("this data plane knows pods by their labels: an `ipBlock` matches none of them")
    return warning("W720", message, cidr.span, label, help=tuple(help_texts))


def _of_services(cidr: Value, rule: Rule, profile: Profile) -> Diagnostic:
    message = f"`{cidr.content}` holds addresses of Services"
    if rule.direction == "ingress":
        label = "no connection ever comes from there"
    else:
        label = "replaced by a pod's address before a policy sees it: matches nothing"
    help_texts = ["select the pods behind the Service, with their own port"]
    services = ip_network(profile.service_cidr)
    first = next(services.hosts())
    if str(cidr.content) == f"{first}/{services.max_prefixlen}":
        endpoint = profile.control_plane.endpoint
        where = f"`{endpoint}/{services.max_prefixlen}`" if endpoint else "the address of its endpoint"
        help_texts = [f"this is the Service of the API server: allow {where} in its place"]
    return warning("W721", message, cidr.span, label, help=tuple(help_texts))


def _is_resolver(peer: Peer, profile: Profile) -> bool:
    """Tell whether this is the address of kube-dns where a cache on the node answers under it."""
    dns = profile.dns
    if dns.preset not in ("node-local", "custom") or peer.cidr is None:
        return False
    known = {f"{dns.cluster_ip}/32", f"{dns.cluster_ip}/128", *(item.cidr for item in dns.peers)}
    return str(peer.cidr.content) in known


def _is_control_plane(end: End, profile: Profile) -> bool:
    plane = profile.control_plane
    known = [plane.cidr] if plane.cidr else []
    if plane.endpoint:
        known.append(f"{plane.endpoint}/{128 if ':' in plane.endpoint else 32}")
    return bool(known) and _inside(end, known)


def _never_matches(rule: Rule, index: int, profile: Profile) -> Diagnostic:
    """Return the finding for node addresses where nodes are known by identity."""
    peer = rule.peers[index]
    cidr = peer.cidr or peer.value
    message = f"`{cidr.content}` holds node addresses, which never match here"
    label = f"`{profile.dataplane}` of cluster `{profile.name}` knows nodes by identity, not by address"
    help_texts = (
        "take it out, unless the policy is for another cluster as well",
        "where nodes have to be admitted, a CiliumClusterwideNetworkPolicy with `remote-node` does it",
    )
    fixes: tuple[Fix, ...] = ()
    listing = rule.value.get("from" if rule.direction == "ingress" else "to")
    stays = any(
        its.end is not None and not (its.is_block and _inside(its.end, profile.node_cidrs))
        for its in rule.peers
    )
    edit = places.removal(listing, index) if listing is not None and stays else None
    if edit is not None:
        # Its neighbours keep the list from being empty, which would admit everybody.
        fixes = (Fix("take it out", (edit,), safe=True),)
    return warning("W723", message, cidr.span, label, help=help_texts, fixes=fixes)


# --- Exceptions -----------------------------------------------------------------------------------------


def _without_effect(policy: Policy, rule: Rule, peer: Peer, context: Context) -> Iterator[Diagnostic]:
    """Find exceptions that another rule admits: rules add up, and none takes away from another."""
    for left_out in peer.exceptions:
        admitting = _admits(policy, rule, peer, left_out, context)
        if admitting is None:
            continue
        where = "a rule of this policy" if admitting in policy.written else "another policy for these pods"
        message = f"exception `{left_out.text}` blocks nothing"
        others = (Label(places.head(admitting.value), "admits it all the same"),)
        help_text = "rules add up: leave it out of every rule, or take the other rule away"
        label = f"{where} admits it"
        yield warning("W724", message, left_out.span, label, others=others, help=help_text)


def _admits(policy: Policy, rule: Rule, peer: Peer, left_out: LeftOut, context: Context) -> Rule | None:
    """Return the rule that admits everything an exception leaves out, on the same ports."""
    assert peer.end is not None  # noqa: S101 - one that leaves nothing is passed over before
    family = peer.end.family
    wanted = End(family, addresses=left_out.addresses)
    is_metadata = family == 4 and not Numbers((_METADATA,)) - left_out.addresses
    needs_metadata = any(profile.workload_identity for profile in context.clusters)
    for other in context.in_effect(policy, rule.direction):
        for end in other.ends:
            context.budget.spend(1 + len(end.addresses.intervals))
            if end.family != family:
                continue
            if not rule.port_set - other.port_set and not wanted.addresses - end.addresses:
                return other
            if not is_metadata or needs_metadata or Numbers((_METADATA,)) - end.addresses:
                continue
            if _share(rule.port_set, other.port_set, _METADATA_PORTS):
                return other
    return None


def _share(one: PortSet, other: PortSet, wanted: PortSet) -> bool:
    return not wanted - one and not wanted - other


# --- Ranges by themselves -------------------------------------------------------------------------------


def _excepts(peer: Peer) -> Iterator[Value]:
    block = peer.value.get("ipBlock", "except")
    if block is not None:
        yield from block.members()


def _host_bits(cidr: Value) -> Iterator[Diagnostic]:
    """Find bits behind the prefix: the whole range is meant, whatever address was written."""
    text = str(cidr.content)
    whole = ip_network(text, strict=False)
    address = text.partition("/")[0]
    if int(whole.network_address) == int(ip_network(address).network_address):
        return
    message = f"`{text}` has bits set behind its prefix"
    label = f"means `{whole}`"
    single = f"{address}/{whole.max_prefixlen}"
    help_text = f"write `{whole}`, or `{single}` where one address is meant"
    span = cidr.span
    quote = span.text[:1] if span.text[:1] in ("'", '"') else ""
    fixes = (
        Fix(f"write `{whole}`", (Edit(span, f"{quote}{whole}{quote}"),), safe=True),
        Fix(f"write `{single}`", (Edit(span, f"{quote}{single}{quote}"),), safe=False),
    )
    yield warning("W725", message, span, label, help=help_text, fixes=fixes)


def _half_of_the_checks(policy: Policy) -> Iterator[Diagnostic]:
    """Find one of the two ranges of Google's health checks without the other."""
    written: dict[str, tuple[Value, Rule]] = {}
    rules = policy.rules("ingress")
    for rule in rules:
        for peer in rule.peers:
            if peer.cidr is not None and peer.cidr.content in _HEALTH_CHECKS:
                written.setdefault(str(peer.cidr.content), (peer.cidr, rule))
    if len(written) != 1:
        return
    ((text, (cidr, rule)),) = written.items()
    (missing,) = (item for item in _HEALTH_CHECKS if item != text)
    family, interval = address_range(missing)
    wanted = Numbers((interval,))
    for other in rules:
        if rule.port_set - other.port_set:
            continue
        if any(end.family == family and not wanted - end.addresses for end in other.ends):
            return
    message = f"`{text}` is one of two ranges of Google's health checks"
    label = f"without `{missing}` some of the checks fail"
    yield warning("W726", message, cidr.span, label, help=f"add `{missing}` beside it")
