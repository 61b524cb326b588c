"""That cluster with its real parts running: API server, kube-proxy and a policy engine on every node."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.e2e import fabric, firewall, programs
from tests.e2e.api_server import PATIENCE, ApiServer, Processes, Refused, collection
from tests.e2e.namespaces import inside
from tests.e2e.prober import WAITS, Answer, Place, Probe, Prober
from tests.e2e.world import (
    CONTROL_PLANE,
    HOST_NETWORK_PORT,
    HOST_PORT,
    LOCAL_NODE_PORT,
    NAMESPACES,
    NODE_PORT,
    NODES,
    OUTSIDE,
    POD_PORT,
    POD_RANGE,
    PODS,
    Pod,
    balancer_status,
    services,
)


class Judged(NamedTuple):
    """What a policy engine said of a packet."""

    node: str
    direction: str
    source: str
    destination: str
    port: int
    admitted: bool


class Cluster:
    """Everything that runs; `policies`, `firewall` and `masquerade` change it, `ask` sends packets."""

    def __init__(self, scratch: Path) -> None:
        """Start all parts and return when they work."""
        self._processes = Processes(scratch)
        self._scratch = scratch
        self.prober = Prober()
        self._outputs: dict[str, Path] = {}
        self._read: dict[str, int] = {}

    def start(self) -> None:
        """Bring the cluster up; raise RuntimeError when a part does not work."""
        self.addresses = fabric.build(self._scratch)
        self.server = ApiServer(self._processes, "cp", CONTROL_PLANE)
        self.server.wait()
        self._create()
        self._run_on_nodes()
        self._listen()
        fabric.masquerade(("0.0.0.0/0",))
        self._wait_for_services()

    def stop(self) -> None:
        """End every process."""
        self.prober.close()
        self._processes.stop()

    # --- What is changed --------------------------------------------------------------------------------

    def policies(self, documents: Iterable[tuple[str, str, bytes]]) -> None:
        """Have these NetworkPolicies (namespace, name, YAML) and no others, as every engine sees it."""
        for namespace in sorted(
            {item["metadata"]["namespace"] for item in self.server.list("NetworkPolicy")}
        ):
            self.server.delete("NetworkPolicy", namespace)
        for namespace, name, text in documents:
            reply = self.server.apply(text, f"{collection('NetworkPolicy', namespace)}/{name}")
            if reply.status >= 300:
                raise Refused(f"{namespace}/{name}: {reply.message}")
        self._settle()

    def firewall(self, rules: Iterable[firewall.Rule] | None) -> None:
        """Have the network's firewall follow these rules; None takes it away."""
        inside(fabric.VPC, "nft", "-f", "-", text=firewall.ruleset(rules))

    def masquerade(self, ranges: tuple[str, ...]) -> None:
        """Have pods hide behind their node towards everything but these ranges."""
        fabric.masquerade(ranges)

    # --- What is asked ----------------------------------------------------------------------------------

    def ask(self, probes: Iterable[Probe], waits: Sequence[float] = WAITS) -> dict[Probe, Answer | None]:
        """Return who answers, with nothing remembered of earlier connections."""
        self._processes.check()
        fabric.forget()
        return self.prober.ask(probes, waits)

    def judged(self) -> list[Judged]:
        """Return what the engines said since this was last asked."""
        found = []
        for output in self._outputs.values():
            content = output.read_bytes()
            for line in content[self._read.get(str(output), 0) :].splitlines():
                said = json.loads(line)
                del said["protocol"]
                found.append(Judged(**said))
            self._read[str(output)] = len(content)
        return found

    def place(self, name: str) -> Place:
        """Return where a pod, a node or a machine outside asks from."""
        if name in PODS:
            return Place(fabric.namespace_of(PODS[name]))
        if name in OUTSIDE:
            return Place("out", OUTSIDE[name])
        return Place("cp" if name == "CP" else name)

    # --- Coming up --------------------------------------------------------------------------------------

    def _create(self) -> None:
        for name, labels in NAMESPACES.items():
            content = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
            path = f"{collection('Namespace')}/{name}"  # the server makes some of them itself
            reply = self.server.apply(json.dumps(content).encode(), path)
            if reply.status >= 300:
                raise Refused(reply.message)
        for node in NODES.values():
            status = {
                "addresses": [{"type": "InternalIP", "address": node.address}],
                "conditions": [{"type": "Ready", "status": "True"}],
            }
            spec = {"podCIDR": node.pods, "podCIDRs": [node.pods]}
            self.server.make("Node", {"metadata": {"name": node.name}, "spec": spec}, status)
        for pod in PODS.values():
            self.server.make("Pod", _pod(pod), self._pod_status(pod))
        for service in services():
            metadata = service["metadata"]
            assert isinstance(metadata, dict)
            self.server.make("Service", service, balancer_status(metadata["name"]))

    def _pod_status(self, pod: Pod) -> dict[str, object]:
        address = self.addresses[pod.name]
        return {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": NODES[pod.node].address,
            "conditions": [{"type": "Ready", "status": "True"}],
        }

    def _run_on_nodes(self) -> None:
        config = str(self.server.kubeconfig)
        self._processes.start("controllers", "cp", programs.built("controllers"), f"--kubeconfig={config}")
        for node in NODES:
            path = self._scratch / f"kube-proxy-{node}.json"
            path.write_text(json.dumps(_proxy(node, config)))
            proxy = programs.built("kube-proxy")
            self._processes.start(f"kube-proxy-{node}", node, proxy, f"--config={path}")
            self._outputs[node] = self._processes.start(
                f"policies-{node}",
                node,
                programs.built("policies"),
                f"--node={node}",
                f"--kubeconfig={config}",
                f"--queue={fabric.QUEUE}",
                f"--state={self._scratch / f'{node}.socket'}",
            )

    def _listen(self) -> None:
        for pod in PODS.values():
            for protocol, port in pod.listens:
                self.prober.listen(pod.name, Place(fabric.namespace_of(pod)), protocol, port)
        for node in ("n1", "n3"):
            self.prober.listen(node, Place(node), "TCP", HOST_NETWORK_PORT)
        for node in ("n1", "n3"):
            self.prober.listen(node, Place(node), "TCP", HOST_PORT)
        for port in (NODE_PORT, LOCAL_NODE_PORT, HOST_PORT, HOST_NETWORK_PORT, POD_PORT):
            self.prober.listen("VM", Place("out", OUTSIDE["VM"]), "TCP", port)
        self.prober.listen("ext", Place("out", OUTSIDE["ext"]), "TCP", POD_PORT)

    def _wait_for_services(self) -> None:
        """Return when every node sends connections to every nodePort on to its pod."""
        wanted = [
            Probe(Place("out", OUTSIDE["ext"]), "TCP", node.address, NODE_PORT) for node in NODES.values()
        ]
        wanted.append(Probe(Place(fabric.namespace_of(PODS["A"])), "UDP", "10.96.0.10", 53))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if all(self.ask(wanted).values()):
                self._settle()
                return
        raise RuntimeError("the Services do not answer")

    def _settle(self) -> None:
        """Return when every engine has seen the pods, namespaces and policies that the server has."""
        wanted = set()
        for kind, word in (("Pod", "pod"), ("Namespace", "namespace"), ("NetworkPolicy", "policy")):
            for item in self.server.list(kind):
                metadata = item["metadata"]
                names = [metadata["namespace"]] if "namespace" in metadata else []
                wanted.add(f"{'/'.join([word, *names, metadata['name']])}={metadata['resourceVersion']}")
        end = time.monotonic() + PATIENCE
        waiting = list(NODES)
        while waiting and time.monotonic() < end:
            waiting = [node for node in waiting if self._seen(node) != wanted]
            if waiting:
                time.sleep(0.01)
                self._processes.check()
        if waiting:
            raise RuntimeError(f"the policy engines of {', '.join(waiting)} do not see what the server has")

    def _seen(self, node: str) -> set[str]:
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(str(self._scratch / f"{node}.socket"))
            except OSError:
                return set()
            content = b"".join(iter(lambda: asking.recv(65_536), b""))
        return set(json.loads(content))


def _pod(pod: Pod) -> dict[str, object]:
    ports: list[dict[str, object]] = [
        {"containerPort": port, "protocol": protocol, **({"hostPort": port} if pod.host_network else {})}
        for protocol, port in pod.listens
    ]
    if pod.host_port:
        ports[0]["hostPort"] = pod.host_port
    return {
        "metadata": {"name": pod.name.lower(), "namespace": pod.namespace, "labels": pod.labels},
        "spec": {
            "nodeName": pod.node,
            "hostNetwork": pod.host_network,
            "containers": [{"name": "it", "image": "it", "ports": ports}],
        },
    }


def _proxy(node: str, kubeconfig: str) -> dict[str, object]:
    untouched = {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": node,
        "clientConnection": {"kubeconfig": kubeconfig},
        "clusterCIDR": POD_RANGE,
        "detectLocalMode": "ClusterCIDR",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "conntrack": untouched,
        "iptables": {"minSyncPeriod": "100ms"},
    }
