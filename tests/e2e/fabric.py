"""The network of that cluster: a routed VPC, nodes and pods as network namespaces, Debian's CNI plugins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.e2e import programs
from tests.e2e.namespaces import add, inside, wire
from tests.e2e.world import (
    BALANCERS,
    CONTROL_PLANE,
    CONTROL_PLANE_RANGE,
    LINK_LOCAL,
    LOCAL_BALANCERS,
    NODES,
    OUTSIDE,
    PODS,
    ROUTER,
    Node,
    Pod,
)

VPC = "vpc"
QUEUE = 1
_BATCH = ("ip", "-batch", "-")


def build(scratch: Path) -> dict[str, str]:
    """Lay the network and start its pods; return the address of each pod by its name."""
    add(VPC, forwards=True)
    for node in NODES.values():
        _machine(node.name, (node.address,), forwards=True)
        inside(VPC, "ip", "route", "add", node.pods, "via", node.address, "dev", f"to-{node.name}", "onlink")
        _police(node)
    _machine("out", tuple(OUTSIDE.values()))
    _machine("cp", (CONTROL_PLANE,))
    inside(VPC, "ip", "route", "add", CONTROL_PLANE_RANGE, "dev", "to-cp")
    for address, name in (*BALANCERS.values(), *LOCAL_BALANCERS.values()):
        via = ("via", NODES[name].address, "dev", f"to-{name}", "onlink")
        inside(VPC, "ip", "route", "add", f"{address}/32", *via)
    return {pod.name: _start(pod, scratch) for pod in PODS.values()}


def namespace_of(pod: Pod) -> str:
    """Return the network namespace a pod's processes live in."""
    return pod.node if pod.host_network else f"pod-{pod.name}"


def masquerade(ranges: tuple[str, ...]) -> None:
    """Let every node hide what leaves for other ranges behind its own address, as ip-masq-agent does.

    https://github.com/kubernetes-sigs/ip-masq-agent/blob/v2.12.5/cmd/ip-masq-agent/ip-masq-agent.go
    """
    lines = ["*nat", ":IP-MASQ - [0:0]"]
    lines += [f"-A IP-MASQ -d {cidr} -j RETURN" for cidr in (LINK_LOCAL, *ranges)]
    lines += ["-A IP-MASQ -j MASQUERADE", "COMMIT", ""]
    for node in NODES:
        inside(node, "iptables-restore", "--noflush", text="\n".join(lines))
        rule = ("POSTROUTING", "-m", "addrtype", "!", "--dst-type", "LOCAL", "-j", "IP-MASQ")
        try:
            inside(node, "iptables", "-t", "nat", "-C", *rule)
        except RuntimeError:
            inside(node, "iptables", "-t", "nat", "-A", *rule)


def forget() -> None:
    """Forget all connections, so that every packet that follows is a first one."""
    for place in (VPC, *NODES):
        inside(place, "conntrack", "--flush")


def hops() -> list[tuple[str, str, int]]:
    """Return the connections the VPC has seen: source, destination, port, as they were first asked for."""
    found = []
    for line in inside(VPC, "conntrack", "--dump", "--output", "extended").splitlines():
        words = dict(word.split("=", 1) for word in reversed(line.split()) if "=" in word)
        if words.get("dport"):
            found.append((words["src"], words["dst"], _number(words["dport"])))
    return found


def _number(text: str) -> int:
    number: int = json.loads(text)
    return number


def _machine(name: str, addresses: tuple[str, ...], *, forwards: bool = False) -> None:
    """Add a machine with its own cable to the VPC: every packet goes through the router, as in Google's."""
    add(name, forwards=forwards)
    wire(name, "eth0", VPC, f"to-{name}")
    here = [f"address add {address}/32 dev eth0" for address in addresses]
    here.append(f"route add default via {ROUTER} dev eth0 onlink src {addresses[0]}")
    inside(name, *_BATCH, text="\n".join(here) + "\n")
    there = [f"address add {ROUTER}/32 dev to-{name}"]
    there += [f"route add {address}/32 dev to-{name}" for address in addresses]
    inside(VPC, *_BATCH, text="\n".join(there) + "\n")


def _police(node: Node) -> None:
    """Hand the first packet of each connection of pods to the policy engine, at the points Calico has."""
    new = ("-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", str(QUEUE))
    inside(node.name, "iptables", "-t", "mangle", "-A", "FORWARD", *new)
    inside(node.name, "iptables", "-t", "mangle", "-A", "INPUT", "-i", "veth+", *new)


def _start(pod: Pod, scratch: Path) -> str:
    """Make a pod's network with the plugins that a container runtime would call; return its address."""
    node = NODES[pod.node]
    if pod.host_network:
        return node.address
    place = namespace_of(pod)
    add(place)
    ipam = {"type": "host-local", "subnet": node.pods, "routes": [{"dst": "0.0.0.0/0"}]}
    ipam["dataDir"] = str(scratch / f"ipam-{node.name}")
    network = {"cniVersion": "0.4.0", "name": "pods"}
    result = json.loads(_plugin("ptp", pod, {**network, "type": "ptp", "ipam": ipam}))
    address: str = result["ips"][0]["address"].partition("/")[0]
    if pod.host_port:
        _open_host_ports(pod, address, network)
    return address


def _open_host_ports(pod: Pod, address: str, network: Mapping[str, object]) -> None:
    """Forward a hostPort, and the next one, to a pod: portmap masquerades what comes from the pod's subnet.

    The first is opened with the address as Calico reports it, the second as host-local does.
    https://github.com/containernetworking/plugins/blob/v1.1.1/plugins/meta/portmap/portmap.go
    """
    for port, name, prefix in ((pod.host_port, "pods", 32), (pod.host_port + 1, "subnet", 24)):
        mapping = {"hostPort": port, "containerPort": pod.listens[0][1], "protocol": "tcp"}
        before = {**network, "ips": [{"version": "4", "address": f"{address}/{prefix}"}]}
        runtime = {"runtimeConfig": {"portMappings": [mapping]}, "prevResult": before}
        _plugin("portmap", pod, {**network, "name": name, "type": "portmap", "snat": True, **runtime})


def _plugin(name: str, pod: Pod, configuration: dict[str, object]) -> str:
    variables = {
        "CNI_COMMAND": "ADD",
        "CNI_CONTAINERID": pod.name,
        "CNI_NETNS": f"/run/netns/{namespace_of(pod)}",
        "CNI_IFNAME": "eth0",
        "CNI_PATH": str(programs.PLUGINS),
    }
    command = ("env", *(f"{key}={value}" for key, value in variables.items()), str(programs.PLUGINS / name))
    return inside(pod.node, *command, text=json.dumps(configuration))
