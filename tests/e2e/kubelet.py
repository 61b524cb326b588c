"""What a node does for `kubectl debug`: ephemeral containers run in their pod's network, logs are served."""

from __future__ import annotations

import copy
import json
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.e2e.api_server import MERGE, ApiServer, collection
from tests.e2e.cluster import Cluster
from tests.e2e.fabric import namespace_of
from tests.e2e.namespaces import entered, run
from tests.e2e.world import NODES, PODS

PORT = 10250
"""Where the API server asks for logs: https://kubernetes.io/docs/reference/networking/ports-and-protocols/"""


class Kubelets:
    """Run what is started in pods until `stop`, on every node."""

    def __init__(self, cluster: Cluster, scratch: Path) -> None:
        """Serve logs on every node, and look for containers to start."""
        self._scratch = scratch
        self._server: ApiServer = copy.copy(cluster.server)
        self._server._connection = None  # a connection belongs to one thread
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._told: dict[str, str] = {}
        self._stopping = threading.Event()
        self.problems: list[str] = []
        certificate = scratch / "kubelet.pem"
        run(
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=kubelet",
                "-days",
                "2",
            ),
            *("-keyout", certificate, "-out", scratch / "kubelet.crt"),
        )
        certificate.write_text(certificate.read_text() + (scratch / "kubelet.crt").read_text())
        self._logs = [self._serve(node, certificate) for node in NODES]
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End everything that was started."""
        self._stopping.set()
        self._thread.join()
        for server in self._logs:
            server.shutdown()
            server.server_close()
        for process in self._running.values():
            process.kill()
            process.wait()

    def _serve(self, node: str, certificate: Path) -> ThreadingHTTPServer:
        scratch = self._scratch

        class Logs(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                _, kind, *_, container = self.path.partition("?")[0].split("/")
                content = (scratch / f"{container}.log").read_bytes() if kind == "containerLogs" else b""
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing of requests."""

        with entered(node):
            server = ThreadingHTTPServer((NODES[node].address, PORT), Logs)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                for pod in self._server.list("Pod"):
                    self._attend(pod)
            except Exception as problem:  # noqa: BLE001 - the part says what went wrong in its thread
                self.problems.append(f"{type(problem).__name__}: {problem}")
                return
            time.sleep(0.05)

    def _attend(self, pod: dict[str, Any]) -> None:
        """Start what is new in a pod, and tell the server what runs and what has ended."""
        containers = pod["spec"].get("ephemeralContainers", [])
        if not containers:
            return
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        (known,) = [
            item for item in PODS.values() if (item.name.lower(), item.namespace) == (name, namespace)
        ]
        statuses = []
        for container in containers:
            own = container["name"]
            if own not in self._running:
                with (self._scratch / f"{own}.log").open("wb") as log:
                    command = ["ip", "netns", "exec", namespace_of(known), *container["command"]]
                    self._running[own] = subprocess.Popen(command, stdout=log, stderr=log)
            code = self._running[own].poll()
            started = {"startedAt": "2026-11-23T00:00:00Z"}
            state = {"running": started} if code is None else {"terminated": {"exitCode": code}}
            image = {"image": container["image"], "imageID": "it", "restartCount": 0, "ready": False}
            statuses.append({"name": own, "state": state, **image})
        told = json.dumps(statuses)
        if self._told.get(name) != told:
            self._told[name] = told
            body = json.dumps({"status": {"ephemeralContainerStatuses": statuses}}).encode()
            path = f"{collection('Pod', namespace)}/{name}/status"
            reply = self._server.request("PATCH", path, body, MERGE)
            if reply.status >= 300:
                self.problems.append(f"{path}: {reply.message}")
