"""Compare the facts of a cluster with one another: ranges, addresses, and combinations that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from intentc.diagnostics import Diagnostic, Label, error
from intentc.project.reader import Value

Range = IPv4Network | IPv6Network
Ranges = list[tuple[Range, Value]]

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+")
_CIDR = re.compile(r"([0-9A-Fa-f:.]+)/(0|[1-9][0-9]{0,2})")


def contradictions(root: Value) -> Iterator[Diagnostic]:
    """Yield what cannot be true in a project file whose structure is legal."""
    for key in ("intents", "manifests"):
        for value in _items(_get(root, key)):
            yield from _path(value, key)
    output = _get(root, "output")
    if output is not None:
        yield from _path(output, "output")
    clusters = _get(root, "clusters")
    for name, (_, cluster) in (
        clusters.content.items() if clusters and isinstance(clusters.content, dict) else ()
    ):
        yield from _cluster(name, cluster)


def _cluster(name: str, cluster: Value) -> Iterator[Diagnostic]:
    problems: list[Diagnostic] = []
    pods = _ranges(_items(_get(cluster, "podCIDRs")), problems)
    nodes = _ranges(_items(_get(cluster, "nodeCIDRs")), problems)
    services = _ranges(_one(_get(cluster, "serviceCIDR")), problems)
    direct = _ranges(_items(_get(cluster, "ipMasq", "nonMasqueradeCIDRs")), problems)
    _ranges(_one(_get(cluster, "controlPlane", "cidr")), problems)
    for value in (
        _get(cluster, "dnsClusterIP"),
        _get(cluster, "controlPlane", "endpoint"),
        _get(cluster, "dns", "clusterIP"),
    ):
        problems.extend(_address(value))
    peers = _get(cluster, "dns", "peers")
    for peer in _items(peers):
        _ranges(_one(_get(peer, "cidr")), problems)
    yield from problems
    if problems:
        return
    yield from _overlaps(("pod", pods), ("node", nodes), ("Service", services))
    if _get(cluster, "ipMasq", "nonMasqueradeCIDRs") is not None:
        yield from _masqueraded_pods(pods, direct)
    for kind, ranges in (("pods", pods), ("nodes", nodes), ("services", services)):
        yield from _samples(_items(_get(cluster, "samples", kind)), kind, ranges)
    yield from _combinations(name, cluster)


def _combinations(name: str, cluster: Value) -> Iterator[Diagnostic]:
    dataplane = _content(cluster, "dataplane") or "calico"
    routing = _get(cluster, "routing")
    if dataplane == "dataplane-v2" and routing is not None and routing.content == "routes":
        message = f"cluster `{name}` has Dataplane V2 and routes-based networking"
        help_text = "Dataplane V2 exists on VPC-native clusters only: `routing: vpc-native`"
        yield error("E613", message, routing.span, "no such cluster can be made", help=help_text)
    dns = _get(cluster, "dns")
    preset = (
        _content(cluster, "dns", "preset")
        if dns and isinstance(dns.content, dict)
        else dns.content
        if dns
        else None
    )
    address = _get(cluster, "dnsClusterIP") or _get(cluster, "dns", "clusterIP")
    if dns is not None and preset == "node-local" and dataplane == "calico" and address is None:
        message = f"cluster `{name}` has no `dnsClusterIP`"
        help_text = "add the ClusterIP of kube-dns: `kubectl -n kube-system get service kube-dns`"
        yield error(
            "E614", message, dns.span, "NodeLocal DNSCache on Calico is reached at it", help=help_text
        )
    if (
        dns is not None
        and isinstance(dns.content, dict)
        and ("preset" in dns.content) == ("peers" in dns.content)
    ):
        help_text = "write `preset` for a known platform, `peers` for any other"
        yield error(
            "E616", "`dns` needs either `preset` or `peers`", dns.span, "one of the two", help=help_text
        )
    for peer in _items(_get(cluster, "dns", "peers")):
        if isinstance(peer.content, dict) and ("namespace" in peer.content) == ("cidr" in peer.content):
            help_text = "write `namespace` and `podLabels`, or `cidr`"
            yield error("E616", "a peer is pods or a range", peer.span, "one of the two", help=help_text)
        elif isinstance(peer.content, dict) and ("namespace" in peer.content) != (
            "podLabels" in peer.content
        ):
            help_text = "one peer carries both selectors; without `podLabels` it would be every pod there"
            yield error(
                "E616", "`namespace` and `podLabels` go together", peer.span, "one is missing", help=help_text
            )
    accounts, tags = (
        _get(cluster, "firewall", "targetServiceAccounts"),
        _get(cluster, "firewall", "targetTags"),
    )
    if accounts is not None and tags is not None:
        others = (Label(tags.span, "the tags"),)
        message = "`targetTags` and `targetServiceAccounts` exclude each other"
        help_text = "keep one: a firewall rule takes tags or service accounts"
        yield error("E616", message, accounts.span, "the service accounts", others=others, help=help_text)
    ports = _get(cluster, "nodePortRange")
    if ports is not None:
        first, _, last = str(ports.content).partition("-")
        if not 1 <= int(first) <= int(last) <= 65535:
            help_text = "write it as the API server has it: `30000-32767`"
            yield error(
                "E617",
                "`nodePortRange` is empty or out of range",
                ports.span,
                "not a range of ports",
                help=help_text,
            )


def _overlaps(*kinds: tuple[str, Ranges]) -> Iterator[Diagnostic]:
    for place, (kind, ranges) in enumerate(kinds):
        for other_kind, others in kinds[:place]:
            for found, value in ranges:
                for other, other_value in others:
                    if found.version == other.version and found.overlaps(other):
                        labels = (Label(other_value.span, f"the {other_kind} range"),)
                        message = f"{kind} range {found} overlaps the {other_kind} range {other}"
                        help_text = "an address would be of two kinds: correct one of the ranges"
                        yield error(
                            "E611", message, value.span, f"the {kind} range", others=labels, help=help_text
                        )


def _masqueraded_pods(pods: Ranges, direct: Ranges) -> Iterator[Diagnostic]:
    """Yield an error for pod ranges that ip-masq translates: no namespace selector would work (row 29)."""
    for found, value in pods:
        inside = any(found.version == other.version and found.subnet_of(other) for other, _ in direct)  # type: ignore[arg-type] # of one family
        if not inside:
            message = f"pod range {found} is not in `nonMasqueradeCIDRs`"
            label = "traffic between nodes would arrive with a node's address"
            help_text = "add the range to `nonMasqueradeCIDRs`: without it no namespace selector works"
            yield error("E612", message, value.span, label, help=help_text)


def _samples(values: Iterable[Value], kind: str, ranges: Ranges) -> Iterator[Diagnostic]:
    for value in values:
        problems = list(_address(value))
        yield from problems
        if problems:
            continue
        address = ip_address(str(value.content))
        if not any(address in found for found, _ in ranges):
            message = f"`{value.content}` is in none of the ranges of {kind}"
            help_text = "correct the range, or the sample"
            yield error("E615", message, value.span, "outside", help=help_text)


def _ranges(values: Iterable[Value], problems: list[Diagnostic]) -> Ranges:
    """Return the canonical ranges among `values`; report the others."""
    found: Ranges = []
    for value in values:
        text = str(value.content)
        match = _CIDR.fullmatch(text)
        try:
            network = ip_network(text, strict=False) if match else None
        except ValueError:
            network = None
        if network is None:
            help_text = "write a range such as `100.64.0.0/14`"
            problems.append(
                error("E610", f"`{_short(text)}` is not a range", value.span, "not a CIDR", help=help_text)
            )
        elif str(network) != text:
            help_texts: tuple[str, ...] = (f"for the whole range: `{network}`",)
            address = str(ip_address(match[1])) if match else ""
            if address != str(network.network_address):
                help_texts += (f"for the one address: `{address}/{network.max_prefixlen}`",)
            message = f"`{text}` is not in canonical form"
            label = "two readings" if len(help_texts) > 1 else "another spelling of the same"
            problems.append(error("E610", message, value.span, label, help=help_texts))
        else:
            found.append((network, value))
    return found


def _address(value: Value | None) -> Iterator[Diagnostic]:
    if value is None:
        return
    text = str(value.content)
    try:
        legal = _ADDRESS.fullmatch(text) is not None and str(ip_address(text)) == text
    except ValueError:
        legal = False
    if not legal:
        help_text = "write one address, such as `10.96.0.10`"
        yield error(
            "E610", f"`{_short(text)}` is not an IP address", value.span, "not an address", help=help_text
        )


def _path(value: Value, key: str) -> Iterator[Diagnostic]:
    """Yield an error for a path that leads out of the project, or that names the project itself."""
    text = str(value.content)
    parts = text.rstrip("/").split("/")
    if text.startswith(("/", "~")) or "\\" in text or ".." in parts or ":" in parts[0]:
        help_text = "write a path relative to the folder of `intentc.yaml`, with `/`"
        yield error(
            "E618",
            f"`{_short(text)}` leads out of the project",
            value.span,
            f"a path of `{key}`",
            help=help_text,
        )
    elif key == "output" and (
        parts in ([""], ["."]) or any(part in ("", ".") or part.startswith(".") for part in parts)
    ):
        help_text = "write a folder of its own, such as `generated`"
        yield error(
            "E618", f"`{_short(text)}` cannot be the output", value.span, "not a plain folder", help=help_text
        )


def _get(value: Value | None, *keys: str) -> Value | None:
    for key in keys:
        if value is None or not isinstance(value.content, dict) or key not in value.content:
            return None
        value = value.content[key][1]
    return value


def _content(value: Value, *keys: str) -> object:
    found = _get(value, *keys)
    return found.content if found else None


def _items(value: Value | None) -> list[Value]:
    return value.content if value is not None and isinstance(value.content, list) else []


def _one(value: Value | None) -> list[Value]:
    return [value] if value is not None else []


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
