"""Compare the facts of a cluster with one another: ranges, addresses, and combinations that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from intentc.diagnostics import Diagnostic, Label, error
from intentc.project.ranges import Ranges, Searchable, address_problems, joined, ranges_of
from intentc.project.reader import Value, shown

_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_WITHOUT_NODE_LOCAL = ("kube-dns", "openshift")


def contradictions(root: Value, doubtful: frozenset[int]) -> Iterator[Diagnostic]:
    """Yield what cannot be true in a project file, as far as its structure can be read.

    `doubtful` are the offsets at which an error was found before: nothing is said to be missing beside a key
    that may be the missing one misspelt, and nothing is compared with a range that could not be read.
    """
    for key in ("intents", "manifests"):
        for value in _items(_get(root, key)):
            yield from _path(_get(value, "files") or value, key)
    output = _get(root, "output")
    if output is not None:
        yield from _path(output, "output")
    clusters = _get(root, "clusters")
    for name, (_, cluster) in (
        clusters.content.items() if clusters and isinstance(clusters.content, dict) else ()
    ):
        yield from _ranges(cluster)
        yield from _combinations(shown(name), cluster, doubtful)


def _ranges(cluster: Value) -> Iterator[Diagnostic]:
    """Yield what is wrong with the ranges and addresses of a cluster."""
    problems: list[Diagnostic] = []
    pods = _many(cluster, problems, "podCIDRs")
    nodes = _many(cluster, problems, "nodeCIDRs")
    services = ranges_of(_one(_get(cluster, "serviceCIDR")), problems)
    direct = _many(cluster, problems, "ipMasq", "nonMasqueradeCIDRs")
    ranges_of(_one(_get(cluster, "controlPlane", "cidr")), problems)
    for peer in _items(_get(cluster, "dns", "peers")):
        ranges_of(_one(_get(peer, "cidr")), problems)
    for keys in (("dnsClusterIP",), ("controlPlane", "endpoint"), ("dns", "clusterIP")):
        problems.extend(address_problems(_get(cluster, *keys)))
    yield from problems
    yield from _overlaps(("pod", pods), ("node", nodes), ("Service", services))
    if direct.whole and _get(cluster, "ipMasq", "nonMasqueradeCIDRs") is not None:
        yield from _masqueraded_pods(pods, direct)
    yield from _resolver_address(cluster, services)
    for kind, ranges in (("pods", pods), ("nodes", nodes), ("services", services)):
        yield from _samples(_items(_get(cluster, "samples", kind)), kind, ranges)


def _overlaps(*kinds: tuple[str, Ranges]) -> Iterator[Diagnostic]:
    """Yield one error for each range that lies across a range of an earlier kind."""
    for place, (kind, ranges) in enumerate(kinds):
        for other_kind, others in kinds[:place]:
            searchable = Searchable(others.stated)
            for found, value in ranges.stated:
                match = searchable.overlapping(found)
                if match is None or match[1] is None:
                    continue
                labels = (Label(match[1].span, f"the {other_kind} range"),)
                message = f"{kind} range {found} overlaps the {other_kind} range {match[0]}"
                help_text = "an address would be of two kinds: correct one of the ranges"
                label = f"the {kind} range"
                yield error("E611", message, value.span, label, others=labels, help=help_text)


def _masqueraded_pods(pods: Ranges, direct: Ranges) -> Iterator[Diagnostic]:
    """Yield an error for pod ranges that ip-masq translates: no namespace selector would work (row 29)."""
    untranslated = joined(direct)
    for found, value in pods.stated:
        if not untranslated.holds(found):
            message = f"pod range {found} is not in `nonMasqueradeCIDRs`"
            label = "traffic between nodes would arrive with a node's address"
            help_text = "add the range to `nonMasqueradeCIDRs`: without it no namespace selector works"
            yield error("E612", message, value.span, label, help=help_text)


def _resolver_address(cluster: Value, services: Ranges) -> Iterator[Diagnostic]:
    """Yield an error for an address of kube-dns that no Service can have."""
    for keys in (("dnsClusterIP",), ("dns", "clusterIP")):
        value = _get(cluster, *keys)
        if value is None or not value.content or not services.stated or next(address_problems(value), None):
            continue
        found, where = services.stated[0]
        if not isinstance(value.content, str) or ip_address(value.content).version != found.version:
            continue
        if not _is_in(value.content, Searchable(services.stated)):
            message = f"`{value.content}` is not in the Service range {found}"
            help_text = (
                "correct one of the two: `kubectl -n kube-system get service kube-dns` shows the address"
            )
            others = (Label(where.span, "the Service range"),)
            yield error("E619", message, value.span, "no Service can have it", others=others, help=help_text)


def _is_in(text: str, ranges: Searchable) -> bool:
    address = ip_address(text)
    return ranges.across(address.version, int(address), int(address)) is not None


def _samples(values: Iterable[Value], kind: str, ranges: Ranges) -> Iterator[Diagnostic]:
    searchable = Searchable(ranges.stated)
    for value in values:
        problems = list(address_problems(value))
        yield from problems
        if problems or not ranges.whole or value.refused or not isinstance(value.content, str):
            continue
        if not _is_in(value.content, searchable):
            message = f"`{value.content}` is in none of the ranges of {kind}"
            help_text = "correct the range, or the sample"
            yield error("E615", message, value.span, "outside", help=help_text)


def _combinations(name: str, cluster: Value, doubtful: frozenset[int]) -> Iterator[Diagnostic]:
    dataplane = _content(cluster, "dataplane") or "calico"
    routing = _get(cluster, "routing")
    if dataplane == "dataplane-v2" and routing is not None and routing.content == "routes":
        message = f"cluster `{name}` has Dataplane V2 and routes-based networking"
        help_text = "Dataplane V2 exists on VPC-native clusters only: `routing: vpc-native`"
        yield error("E613", message, routing.span, "no such cluster can be made", help=help_text)
    yield from _nodes_by_identity(name, cluster, dataplane)
    dns = _get(cluster, "dns")
    if dns is not None:
        yield from _resolution(name, cluster, dns, doubtful)
    accounts = _get(cluster, "firewall", "targetServiceAccounts")
    tags = _get(cluster, "firewall", "targetTags")
    if accounts is not None and tags is not None:
        others = (Label(tags.span, "the tags"),)
        message = "`targetTags` and `targetServiceAccounts` exclude each other"
        help_text = "keep one: a firewall rule takes tags or service accounts"
        yield error("E616", message, accounts.span, "the service accounts", others=others, help=help_text)
    ports = _get(cluster, "nodePortRange")
    match = _PORTS.fullmatch(ports.content) if ports and isinstance(ports.content, str) else None
    is_of_form = ports is not None and ports.span.start not in doubtful
    if ports and match and is_of_form and not 1 <= int(match[1]) <= int(match[2]) <= 65535:
        message = "`nodePortRange` is empty or out of range"
        help_text = "write it as the API server has it: `30000-32767`"
        yield error("E617", message, ports.span, "not a range of ports", help=help_text)


def _nodes_by_identity(name: str, cluster: Value, dataplane: object) -> Iterator[Diagnostic]:
    """Yield what does not go with policies that know nodes by their identity."""
    wide, match = _get(cluster, "clusterwidePolicies"), _get(cluster, "nodeCIDRMatch")
    if wide is None or wide.content is not True:
        return
    if dataplane == "calico":
        message = f"cluster `{name}` has Calico and `clusterwidePolicies`"
        help_text = "leave it out: with Calico an ipBlock matches nodes; or say `dataplane`"
        yield error("E616", message, wide.span, "policies of Cilium", help=help_text)
    elif match is not None and match.content is True:
        others = (Label(match.span, "by address"),)
        message = "`clusterwidePolicies` and `nodeCIDRMatch` exclude each other"
        help_text = "keep one: nodes are admitted by identity or by address"
        yield error("E616", message, wide.span, "by identity", others=others, help=help_text)


def _resolution(name: str, cluster: Value, dns: Value, doubtful: frozenset[int]) -> Iterator[Diagnostic]:
    """Yield what does not go together in how a cluster resolves names."""
    dataplane = _content(cluster, "dataplane") or "calico"
    preset = _content(cluster, "dns", "preset") if isinstance(dns.content, dict) else dns.content
    outer, inner = _get(cluster, "dnsClusterIP"), _get(cluster, "dns", "clusterIP")
    certain = _is_certain(cluster, doubtful) and _is_certain(dns, doubtful)
    if certain and preset == "node-local" and dataplane == "calico" and outer is None and inner is None:
        message = f"cluster `{name}` has no `dnsClusterIP`"
        help_text = "add the ClusterIP of kube-dns: `kubectl -n kube-system get service kube-dns`"
        label = "NodeLocal DNSCache on Calico is reached at it"
        yield error("E614", message, dns.span, label, help=help_text)
    if isinstance(dns.content, dict):
        has_preset, has_peers = "preset" in dns.content, "peers" in dns.content
        if has_preset == has_peers and (has_preset or certain):
            help_text = "write `preset` for a known platform, `peers` for any other"
            message = "`dns` needs either `preset` or `peers`"
            yield error("E616", message, dns.span, "one of the two", help=help_text)
        elif has_peers:
            for key in ("clusterIP", "nodeLocal"):
                if key in dns.content:
                    message = f"`{key}` is a detail of a preset, and `peers` replace the presets"
                    help_text = f"leave out `{key}`, and name what it stands for among the peers"
                    span = dns.content[key][0].span
                    yield error("E616", message, span, "nothing would read it", help=help_text)
    local = _get(cluster, "dns", "nodeLocal")
    if local is not None and local.content is True and preset in _WITHOUT_NODE_LOCAL:
        message = f"`nodeLocal` does not go with `{preset}`"
        help_text = "NodeLocal DNSCache in front of kube-dns is `preset: node-local`"
        yield error("E616", message, local.span, "nothing would read it", help=help_text)
    if outer and inner and _are_two_addresses(outer, inner, doubtful):
        others = (Label(outer.span, "one address"),)
        message = "`dnsClusterIP` and `clusterIP` are two addresses of one Service"
        help_text = "keep the right one"
        yield error("E616", message, inner.span, "another one", others=others, help=help_text)
    for peer in _items(_get(cluster, "dns", "peers")):
        yield from _peer(peer, doubtful)


def _are_two_addresses(first: Value, second: Value, doubtful: frozenset[int]) -> bool:
    if any(value.refused or value.span.start in doubtful for value in (first, second)):
        return False
    return first.content != second.content


def _peer(peer: Value, doubtful: frozenset[int]) -> Iterator[Diagnostic]:
    if not isinstance(peer.content, dict) or not _is_certain(peer, doubtful):
        return
    if ("namespace" in peer.content) == ("cidr" in peer.content):
        help_text = "write `namespace` and `podLabels`, or `cidr`"
        yield error("E616", "a peer is pods or a range", peer.span, "one of the two", help=help_text)
    elif ("namespace" in peer.content) != ("podLabels" in peer.content):
        help_text = "one peer carries both selectors; without `podLabels` it would be every pod there"
        message = "`namespace` and `podLabels` go together"
        yield error("E616", message, peer.span, "one is missing", help=help_text)


def _path(value: Value, key: str) -> Iterator[Diagnostic]:
    """Yield an error for a path that leads out of the project, or that names the project itself."""
    text = value.content
    if value.refused or not isinstance(text, str) or not text:
        return
    parts = text.rstrip("/").split("/")
    if text.startswith(("/", "~")) or "\\" in text or ".." in parts or ":" in parts[0]:
        help_text = "write a path relative to the folder of `intentc.yaml`, with `/`"
        message = f"`{shown(text)}` leads out of the project"
        yield error("E618", message, value.span, f"a path of `{key}`", help=help_text)
    elif key == "output" and (
        parts in ([""], ["."]) or any(part in ("", ".") or part.startswith(".") for part in parts)
    ):
        help_text = "write a folder of its own, such as `generated`"
        message = f"`{shown(text)}` cannot be the output"
        yield error("E618", message, value.span, "not a plain folder", help=help_text)


def _is_certain(mapping: Value, doubtful: frozenset[int]) -> bool:
    """Tell whether no key of a mapping was found wrong: one could be another one misspelt."""
    if mapping.refused or mapping.partial:
        return False
    keys = mapping.content.values() if isinstance(mapping.content, dict) else ()
    return not any(key.span.start in doubtful for key, _ in keys)


def _get(value: Value | None, *keys: str) -> Value | None:
    for key in keys:
        if value is None or value.refused or not isinstance(value.content, dict) or key not in value.content:
            return None
        value = value.content[key][1]
    return value


def _content(value: Value, *keys: str) -> object:
    found = _get(value, *keys)
    return found.content if found else None


def _many(cluster: Value, problems: list[Diagnostic], *keys: str) -> Ranges:
    """Return the ranges in the list under `keys`; a value that is no list is not whole."""
    value = _get(cluster, *keys)
    whole = value is None or (isinstance(value.content, list) and not value.refused)
    return ranges_of(_items(value), problems, whole=whole)


def _items(value: Value | None) -> list[Value]:
    if value is None or value.refused or not isinstance(value.content, list):
        return []
    return value.content


def _one(value: Value | None) -> list[Value]:
    return [value] if value is not None else []
