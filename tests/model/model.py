"""A second opinion, small and concrete: what a program means, and what policies and firewall rules admit.

Nothing here comes from the compiler. These pods, these addresses, these ports; all else is sets of packets:

    meaning            intents -> what must pass, found by walking connections from hop to hop
    evaluate_policies  NetworkPolicies as plain dicts -> what they let pass
    evaluate_firewall  google_compute_firewall attributes as plain dicts -> what they let pass
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

from tests.model.world import (
    DOORS,
    ENTERING_NODE,
    ENTERING_POD,
    LEAVING_NODE,
    LEAVING_POD,
    SILENT,
    Cluster,
    Hop,
    Intent,
    Isolate,
    Packet,
    Pod,
    Pods,
    Ports,
    Ranges,
    Requirement,
    Traffic,
    World,
    in_ranges,
)

# --- (a) What a program means -------------------------------------------------------------------------------


def walk(
    start: str, kind: str, local: bool, at: str, dialled: str, home: str, masquerades: bool
) -> list[Hop] | None:
    """Follow a connection from node `at`, dialled at node `dialled`, to node `home`; None: it never arrives.

    `start` is `pod`, `host` or `outside` (then `at` is ""). On each node: the destination is
    translated, policy is applied, the source is translated.
    """
    hops: list[Hop] = []
    seen, to, port, here, onward = "node" if start == "host" else "source", "target", "port", at, home
    if kind in DOORS and dialled != at:
        to, port, onward = DOORS[kind], "number", dialled
    elif kind == "hostnetwork":
        to = "node"
    if kind == "hostport" and dialled != home:
        return None  # only the pod's own node opens that port
    if start == "pod":
        hops.append((LEAVING_POD, seen, to, port))
        own_door = kind == "nodeport" and to == "target"
        if onward != here and ((own_door and not local) or (to == "node" and masquerades)):
            seen = "node"
    while True:
        if here and here != onward:
            hops.append((LEAVING_NODE, seen, to, port))
        if onward and here != onward:
            hops.append((ENTERING_NODE, seen, to, port))
        here = onward
        if port == "port":
            break
        to, port, onward = "target", "port", home
        if here != home:
            seen = "node"
            if local:
                return None  # no endpoint behind this door
    if home and kind != "hostnetwork" and (hops or start != "host"):  # a pod's own node is not policed
        hops.append((ENTERING_POD, seen, to, port))
    return hops


@lru_cache
def ways(start: str, kind: str, local: bool, inside: bool, masquerades: bool) -> frozenset[Hop]:
    """Return the hops over every placement: where pods run is not known when their policy is written."""
    nodes, outside = ("n1", "n2", "n3"), ("",)
    places = product(outside if start == "outside" else nodes, nodes, nodes if inside else outside)
    return frozenset(hop for place in places for hop in walk(start, kind, local, *place, masquerades) or ())


def holds(labels: Mapping[str, str], requirements: Iterable[Requirement]) -> bool:
    """Tell whether labels satisfy all requirements; `!=` and `notin` also hold where the key is absent."""
    return all(
        (key in labels) == (operator == "exists")
        if operator in ("exists", "!")
        else (labels.get(key) in values) == (operator in ("=", "in"))
        for key, operator, values in requirements
    )


@lru_cache(10_000)
def members(end: Pods | Ranges, world: World) -> tuple[Pod | str, ...]:
    """Return who an endpoint is: selectors never mean hostNetwork pods, ranges mean whoever is in them."""
    if isinstance(end, Ranges):
        return tuple(peer for peer in world.peers if in_ranges(peer, end.cidrs, end.excepts))
    pods = [pod for pod in world.pods if not pod.host_network and holds(pod.labels, end.labels)]
    return tuple(pod for pod in pods if holds(pod.namespace_labels, end.namespaces))


@lru_cache(100_000)
def numbers(ports: tuple[Ports, ...], target: Pod | str, world: World) -> frozenset[Packet]:
    """Return the packets that ports mean at a target; a name means what the target's pod calls so, if any."""
    names = target.ports if isinstance(target, Pod) else ()
    return frozenset(
        (protocol, number)
        for protocol, number in world.packets
        for port in ports
        if port.protocol == protocol
        and ((protocol, port.name, number) in names if port.name else port.first <= number <= port.last)
    )


def meaning(program: Iterable[Intent | Isolate], cluster: Cluster, world: World) -> dict[str, Traffic]:
    """Return what a program closes and admits, by reason.

    `intent` is what is written; the others are the declared extras: `node`, where a node's address stands in
    for somebody; `network`, for the firewall of the nodes tells ranges apart but no pods; `dns`, `metadata`.
    """
    result = {reason: Traffic() for reason in ("intent", "node", "network", "dns", "metadata")}
    isolated: set[tuple[str, Pods | Ranges]] = set()
    opened: list[tuple[str, Pods | Ranges, frozenset[Packet]]] = []
    for item in program:
        if isinstance(item, Isolate):
            isolated.add((item.point, item.pods))
            continue
        start = "host" if item.source == cluster.nodes else "outside"
        start = "pod" if isinstance(item.source, Pods) else start
        kind = "hostnetwork" if item.target == cluster.nodes else item.kind
        inside = kind == "hostnetwork" or isinstance(item.target, Pods)
        ends = {"source": item.source, "target": item.target, "node": cluster.nodes}
        seen_as = {role: cluster.known_nodes if end == cluster.nodes else end for role, end in ends.items()}
        door = tuple(Ports(port.protocol, item.number, item.number) for port in item.ports)
        for point, seen, to, port_of in ways(start, kind, item.local, inside, cluster.masquerades):
            if point == SILENT.get(item.kind):
                continue  # the intent means the other end
            ports = item.ports if port_of == "port" else door
            if point in (LEAVING_NODE, ENTERING_NODE):
                by_user = start == "outside" and seen == "source" and kind != "loadbalancer"
                if by_user or cluster.firewall != "gke-managed":
                    end = ends[seen if point == ENTERING_NODE else to]
                    opened.append((point, end, numbers(ports, "", world)))
                continue
            mine, others = (seen, to) if point == LEAVING_POD else (to, seen)
            isolated.add((point, ends[mine]))
            reason = result["node" if others == "node" else "intent"]
            for here, there in product(members(seen_as[mine], world), members(seen_as[others], world)):
                target = there if point == LEAVING_POD else here
                reason.admit(point, here, there, numbers(ports, target, world))
    for point, pods in isolated:
        result["intent"].close(point, members(pods, world))
    leaving = [pods for point, pods in isolated if point == LEAVING_POD]
    for keep in cluster.keeps if leaving else ():
        packets = numbers(keep.ports, "", world)
        silenced = {pod for pods in leaving for pod in members(pods, world)}
        for pod, there in product(silenced, members(keep.end, world)):
            result[keep.reason].admit(LEAVING_POD, pod, there, packets)
        if isinstance(keep.end, Pods) and cluster.firewall != "gke-managed":
            opened.append((ENTERING_NODE, cluster.pods, packets))
        if not keep.on_node:
            opened.append((LEAVING_NODE, keep.end, packets))
    result["network"].close(ENTERING_NODE, ["nodes"])
    if cluster.firewall == "egress-deny":
        result["network"].close(LEAVING_NODE, ["nodes"])
    for point, end, packets in opened:
        for there in members(cluster.pods if isinstance(end, Pods) else end, world):
            result["network"].admit(point, "nodes", there, packets)
    return result


# --- (b) What NetworkPolicies admit -------------------------------------------------------------------------

ANYBODY = (
    {"ipBlock": {"cidr": "0.0.0.0/0"}},
    {"ipBlock": {"cidr": "::/0"}},
)  # no peers at all mean everybody


def evaluate_policies(documents: Iterable[Mapping[str, Any]], world: World) -> Traffic:
    """Return which pods NetworkPolicies isolate, and what passes them then.

    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
    """
    traffic = Traffic()
    for document in documents:
        spec, namespace = document["spec"], document["metadata"].get("namespace", "default")
        types = spec.get("policyTypes") or ["Ingress"] + ["Egress"] * bool(spec.get("egress"))
        chosen = meant_by(repr({"podSelector": spec.get("podSelector") or {}}), namespace, world)
        for point, kind, side in ((LEAVING_POD, "Egress", "to"), (ENTERING_POD, "Ingress", "from")):
            if kind not in types:
                continue
            traffic.close(point, chosen)
            for rule in spec.get(kind.lower()) or ():
                peers, ports = rule.get(side) or ANYBODY, rule.get("ports") or ()
                entries = [(port.get("protocol"), port.get("port"), port.get("endPort")) for port in ports]
                found = frozenset[Pod | str]().union(
                    *(meant_by(repr(peer), namespace, world) for peer in peers)
                )
                for here, there in product(chosen, found):
                    target = there if side == "to" else here
                    named = target.ports if isinstance(target, Pod) else ()
                    packets = [accepted(entry, named, world) for entry in entries] or [world.packets]
                    traffic.admit(point, here, there, frozenset[Packet]().union(*packets))
    return traffic


@lru_cache(100_000)
def meant_by(peer: str, namespace: str, world: World) -> frozenset[Pod | str]:
    """Return whom a peer means; it comes as its `repr`, by which it is found again."""
    entry = literal_eval(peer)
    return frozenset(who for who in world.peers if is_peer(entry, who, namespace))


def is_peer(peer: Mapping[str, Any], who: Pod | str, namespace: str) -> bool:
    """Tell whether a peer means somebody: all its selectors must hold; none holds for hostNetwork pods."""
    block, namespaces, labels = (peer.get(key) for key in ("ipBlock", "namespaceSelector", "podSelector"))
    if (block is None) == (namespaces is None and labels is None):
        raise ValueError(f"not a peer: {peer}")
    if block is not None:
        return in_ranges(who, (block["cidr"],), tuple(block.get("except") or ()))
    if not isinstance(who, Pod) or who.host_network:
        return False
    at_home = who.namespace == namespace if namespaces is None else selects(namespaces, who.namespace_labels)
    return at_home and selects(labels or {}, who.labels)


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether a label selector of the API selects these labels; an empty one selects everything."""
    met = [labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()]
    for entry in selector.get("matchExpressions") or ():
        key, operator, values = entry["key"], entry["operator"], entry.get("values")
        fact = labels.get(key) in values if values else key in labels
        met.append(fact == {"In": True, "NotIn": False, "Exists": True, "DoesNotExist": False}[operator])
    return all(met)


@lru_cache(100_000)
def accepted(entry: tuple[Any, ...], named: tuple[Any, ...], world: World) -> frozenset[Packet]:
    """Return what an entry of `ports` (protocol, port, endPort) lets through to a target with these names."""
    protocol, port, end = entry[0] or "TCP", entry[1], entry[2]
    if isinstance(port, str):
        meant = [number for kind, name, number in named if (kind, name) == (protocol, port)]
        return world.packets & {(protocol, number) for number in meant}
    first, last = (1, 65535) if port is None else (port, end or port)
    return frozenset(p for p in world.packets if p[0] == protocol and first <= p[1] <= last)


# --- (c) What firewall rules admit --------------------------------------------------------------------------


def evaluate_firewall(
    rules: Iterable[Mapping[str, Any]], machine: str, tags: Collection[str], world: World
) -> Traffic:
    """Return what passes between a machine (its address, its network tags or service account) and everybody.

    The smallest priority number decides, deny before allow; else nothing comes in and everything goes out.
    https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules
    """
    traffic = Traffic({(ENTERING_NODE, "nodes"), (LEAVING_NODE, "nodes")})
    in_order = sorted(rules, key=lambda rule: (rule.get("priority", 1000), not rule.get("deny")))
    ends = (
        (ENTERING_NODE, "INGRESS", "source", "destination"),
        (LEAVING_NODE, "EGRESS", "destination", "source"),
    )
    for point, direction, far, near in ends:
        undecided = dict.fromkeys(world.peers, world.packets)
        passed = dict.fromkeys(world.peers, frozenset[Packet]())
        for rule in in_order:
            meant = {*rule.get("target_tags", ()), *rule.get("target_service_accounts", ())}
            by_identity = rule.get("source_tags") or rule.get("source_service_accounts")
            fars = tuple(rule.get(f"{far}_ranges") or (() if by_identity else ("0.0.0.0/0",)))
            nears = tuple(rule.get(f"{near}_ranges") or ("0.0.0.0/0",))
            if rule.get("direction", "INGRESS") != direction or rule.get("disabled"):
                continue
            if (meant and not meant & set(tags)) or not in_ranges(machine, nears):
                continue
            for block in rule.get("allow") or rule["deny"]:
                spoken = spoken_of(block["protocol"].upper(), tuple(block.get("ports") or ()), world)
                for there in members(Ranges("", fars), world):
                    passed[there] |= undecided[there] & spoken if rule.get("allow") else frozenset()
                    undecided[there] -= spoken
        for there, rest in undecided.items():
            traffic.admit(point, "nodes", there, passed[there] | (rest if direction == "EGRESS" else set()))
    return traffic


@lru_cache(10_000)
def spoken_of(protocol: str, ports: tuple[str, ...], world: World) -> frozenset[Packet]:
    """Return the packets an `allow` or `deny` block speaks of; `ports` are like "80" and "80-90"."""
    spans = [tuple(int(number) for number in port.split("-")) for port in ports] or [(0, 65535)]
    mine = [packet for packet in world.packets if protocol in ("ALL", packet[0])]
    return frozenset(packet for packet in mine if any(span[0] <= packet[1] <= span[-1] for span in spans))
