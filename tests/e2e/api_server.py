"""A real API server with its etcd, in a network namespace, and a client that speaks to it."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from tests.e2e import programs
from tests.e2e.namespaces import entered, inside

PORT = 443
PATIENCE = 20
"""Seconds until a component that does not come up is given up."""

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON = "application/json"

PATHS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "CiliumClusterwideNetworkPolicy": "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies",
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}


class Reply(NamedTuple):
    """A status of HTTP and the object that came with it."""

    status: int
    content: dict[str, Any]

    @property
    def message(self) -> str:
        """Return what the server says is wrong."""
        return str(self.content.get("message", ""))


class Refused(Exception):
    """The server answered a request that has to succeed with an error."""


class Processes:
    """Programs that run until the part ends, each with a log of its own."""

    def __init__(self, directory: Path) -> None:
        """Keep the logs in a directory."""
        self.directory = directory
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, namespace: str, *command: str | Path) -> Path:
        """Start a program in a network namespace; return the file its output goes to."""
        output = self.directory / f"{name}.out"
        with output.open("wb") as out, (self.directory / f"{name}.log").open("wb") as log:
            started = ["ip", "netns", "exec", namespace, *map(str, command)]
            self._running[name] = subprocess.Popen(started, stdout=out, stderr=log)
        return output

    def check(self) -> None:
        """Raise RuntimeError, with the end of its log, when a program has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                log = (self.directory / f"{name}.log").read_text(errors="replace")
                raise RuntimeError(f"{name} ended with {process.returncode}: {log[-2000:]}")

    def stop(self) -> None:
        """End all programs, last started first."""
        for process in reversed(self._running.values()):
            process.kill()
            process.wait()
        self._running.clear()


class ApiServer:
    """The API server at one address of one network namespace; everybody with its token may do everything."""

    def __init__(self, processes: Processes, namespace: str, address: str) -> None:
        """Start etcd and the API server; `wait` returns when they answer."""
        self.address = address
        self._namespace = namespace
        self._token = secrets.token_hex(16)
        self._connection: http.client.HTTPSConnection | None = None
        self._processes = processes
        directory = processes.directory
        tokens, key = directory / "tokens.csv", directory / "service-accounts.key"
        tokens.write_text(f'{self._token},admin,admin,"system:masters"\n')
        inside(namespace, "openssl", "genrsa", "-out", key, "2048")
        etcd = "http://127.0.0.1:2379"
        processes.start(
            "etcd",
            namespace,
            "etcd",
            f"--data-dir={directory / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
        )
        processes.start(
            "kube-apiserver",
            namespace,
            programs.built("kube-apiserver"),
            f"--etcd-servers={etcd}",
            f"--bind-address={address}",
            f"--advertise-address={address}",
            f"--secure-port={PORT}",
            f"--cert-dir={directory / 'certificates'}",
            f"--token-auth-file={tokens}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=AlwaysAllow",
            "--anonymous-auth=false",
            "--allow-privileged=true",
            # A namespace does not have to exist, and no pod needs an account: what is asked is validation.
            "--disable-admission-plugins=NamespaceLifecycle,ServiceAccount",
        )
        self.kubeconfig = directory / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(self._kubeconfig()))

    def wait(self) -> None:
        """Return when the server is ready; raise RuntimeError when it has ended or takes too long."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._processes.check()
            try:
                if (
                    self.request(
                        "GET", "/readyz?exclude=poststarthook/start-system-namespaces-controller"
                    ).status
                    == 200
                ):
                    return
            except (OSError, http.client.HTTPException):
                self._connection = None
            time.sleep(0.1)
        raise RuntimeError("the API server did not become ready")

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str = JSON) -> Reply:
        """Send one request and return the reply, whatever its status."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": JSON}
        if body is not None:
            headers["Content-Type"] = content_type
        connection = self._connected()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        try:
            value = json.loads(content)
        except ValueError:
            value = {"message": content.decode(errors="replace")}
        return Reply(answer.status, value if isinstance(value, dict) else {})

    def apply(self, document: bytes, path: str, **options: str) -> Reply:
        """Apply one YAML document at the path of its object, on the server's side, strictly."""
        query = urlencode(
            {"fieldManager": "intentc", "fieldValidation": "Strict", "force": "true", **options}
        )
        return self.request("PATCH", f"{path}?{query}", document, APPLY)

    def make(
        self, kind: str, content: Mapping[str, Any], status: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Create an object, with a status where one is given; raise Refused when it is not taken."""
        metadata = content["metadata"]
        path = collection(kind, metadata.get("namespace", ""))
        group = path.removeprefix("/apis/").split("/")
        version = "v1" if path.startswith("/api/") else f"{group[0]}/{group[1]}"
        reply = self._must("POST", path, json.dumps({"kind": kind, "apiVersion": version, **content}), JSON)
        if status is not None:
            own = f"{path}/{metadata['name']}/status"
            reply = self._must("PATCH", own, json.dumps({"status": status}), MERGE)
        return reply

    def list(self, kind: str) -> list[dict[str, Any]]:
        """Return all objects of a kind."""
        path = PATHS[kind].replace("/namespaces/{}", "")
        items: list[dict[str, Any]] = self._must("GET", path, None, JSON)["items"]
        return items

    def delete(self, kind: str, namespace: str) -> None:
        """Delete all objects of a kind in a namespace."""
        self._must("DELETE", collection(kind, namespace), None, JSON)

    def _must(self, method: str, path: str, body: str | None, content_type: str) -> dict[str, Any]:
        reply = self.request(method, path, None if body is None else body.encode(), content_type)
        if reply.status >= 300:
            raise Refused(f"{method} {path}: {reply.status} {reply.message}")
        return reply.content

    def _connected(self) -> http.client.HTTPSConnection:
        if self._connection is None:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it signs for itself
            connection = http.client.HTTPSConnection(self.address, PORT, context=context, timeout=60)
            with entered(self._namespace):
                plain = socket.create_connection((self.address, PORT), timeout=60)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock = context.wrap_socket(plain, server_hostname=self.address)
            self._connection = connection
        return self._connection

    def _kubeconfig(self) -> dict[str, Any]:
        cluster = {"server": f"https://{self.address}:{PORT}", "insecure-skip-tls-verify": True}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": self._token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }


def collection(kind: str, namespace: str = "") -> str:
    """Return the path of the objects of a kind in a namespace."""
    return PATHS[kind].format(quote(namespace, safe=""))
