"""A made-up cluster behind a `kubectl` that answers the commands of a kit's script, and nothing else.

Run as `python probe_cluster.py WORLD ARGUMENTS...`; the world is a JSON file that remembers what was started.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

World = dict[str, Any]


def selects(selector: str, labels: dict[str, str]) -> bool:
    """Tell whether a selector in the words of `kubectl -l` holds for labels."""
    for part in map(str.strip, re.findall(r"(?:[^,(]|\([^)]*\))+", selector)):
        if found := re.fullmatch(r"(\S+) (in|notin) \(([^)]*)\)", part):
            inside = labels.get(found[1]) in found[3].split(", ")
            holds = inside if found[2] == "in" else not inside
        elif found := re.fullmatch(r"([^=!]+)(!?=)(.*)", part):
            holds = (labels.get(found[1]) == found[3]) == (found[2] == "=")
        else:
            holds = part[1:] not in labels if part.startswith("!") else part in labels
        if not holds:
            return False
    return True


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1] if name in arguments else ""


def get(world: World, arguments: list[str]) -> str:
    """Answer `kubectl get`."""
    kind, namespace = arguments[0], option(arguments, "--namespace")
    selector, output = option(arguments, "--selector"), option(arguments, "--output")
    if kind == "nodes" and "podCIDRs" in output:
        return " ".join([*world["nodes"].values(), *world["podCIDRs"]])
    if kind == "nodes":
        assert "InternalIP" in output
        return "".join(f"{name} {address}\n" for name, address in world["nodes"].items())
    if kind == "services":
        assert "nodePort" in output
        return " ".join(map(str, world["nodePorts"]))
    if kind == "namespaces":
        found = [name for name, labels in world["namespaces"].items() if selects(selector, labels)]
        return "".join(f"{name}\n" for name in found)
    if kind == "pods":
        assert option(arguments, "--field-selector") == "status.phase=Running"
        return "".join(
            f"{pod['name']} {pod['address']} {pod['node']} {world['nodes'][pod['node']]}"
            f" {'yes' if pod.get('hostNetwork') else 'no'}\n"
            for pod in world["pods"]
            if pod["namespace"] == namespace and selects(selector, pod["labels"])
        )
    assert kind == "pod"
    if "containerPort" in output:
        (name,) = re.findall(r'@\.name=="([^"]+)"', output)
        (pod,) = [
            item for item in world["pods"] if (item["namespace"], item["name"]) == (namespace, arguments[3])
        ]
        return str(pod.get("ports", {}).get(name, ""))
    (name,) = re.findall(r'@\.name=="([^"]+)"', output)
    running = world["started"][name]["command"][0] == "timeout" and not world["started"][name]["asked"]
    world["started"][name]["asked"] = True
    return '{"running":{}}' if running else '{"terminated":{"exitCode":0}}'


def dial(world: World, source: str, command: list[str]) -> str:
    """Send one packet and return what nc says; what arrives is remembered by target."""
    if command[0] == "sh":
        (address, port), protocol = command[2].split()[-2:], "udp"
    else:
        address, port, protocol = command[-2], command[-1], "tcp"
    way = world["ways"].get(f"{source} {address} {port}/{protocol}")
    if way is None:
        return f"nc: connect to {address} port {port} ({protocol}) failed: Operation timed out"
    if way.get("at"):
        world["arrived"].append([way["at"], way["from"]])
    if way.get("refused"):
        return f"nc: connect to {address} port {port} (tcp) failed: Connection refused"
    return f"Connection to {address} {port} port [tcp/*] succeeded!" if protocol == "tcp" else ""


def answer(world: World, arguments: list[str]) -> str:
    """Return what a command prints."""
    verb, *rest = arguments
    if verb == "get":
        return get(world, rest)
    if verb == "debug":
        pod = f"{option(rest, '--namespace')}/{rest[2].removeprefix('pod/')}"
        command = rest[rest.index("--") + 1 :]
        started = {
            "pod": pod,
            "command": command,
            "asked": False,
            "before": len(world["arrived"]),
            "said": "",
        }
        if command[0] != "timeout":
            started["said"] = dial(world, pod, command)
        world["started"][option(rest, "--container")] = started
        return ""
    if verb == "logs":
        started = world["started"][option(rest, "--container")]
        if started["command"][0] != "timeout":
            return str(started["said"])
        seen = world["arrived"][started["before"] :]
        return "".join(
            f"12:00:00.000000 eth0  In  IP {sender}.40312 > 192.0.2.1.8443: Flags [S], seq 1\n"
            for at, sender in seen
            if at == started["pod"]
        )
    assert verb == "run", arguments
    node = json.loads(option(rest, "--overrides"))["spec"]["nodeName"]
    return dial(world, f"node {node}", rest[rest.index("--") + 1 :])


if __name__ == "__main__":
    path = Path(sys.argv[1])
    state = json.loads(path.read_text())
    said = answer(state, sys.argv[2:])
    path.write_text(json.dumps(state))
    sys.stdout.write(said)
