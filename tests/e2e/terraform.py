"""OpenTofu and Google's provider plan every emitted module, and plan exactly the rules that it says."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from intentc.compiler import Options, compile_files
from tests import firewall_modules
from tests.e2e import evidence, programs, sandbox
from tests.readback import CLUSTER
from tests.tools import hcl

SANDBOXED = True
ROOT = Path(__file__).parents[2]
RESOURCE = "google_compute_firewall"
ADDRESS = "registry.opentofu.org/hashicorp/google"
Files = dict[str, bytes]
Rules = dict[str, dict[str, Any]]

GIVEN: dict[str, Any] = {
    "project": "net-given",
    "network": "projects/net-given/global/networks/given",
    "target_tags": ["given-node"],
    "pod_cidrs": ["10.8.0.0/14", "10.12.0.0/16"],
    "node_cidrs": ["10.0.0.0/20"],
}
"""What a root module gives to the inputs that a cluster's profile leaves open."""

TEXTS = (
    "${file(1)} %{if true}x%{endif} $${a} %%{b}",
    'quote " back \\\\ slash \\" tab',
    "{{ 7 * 7 }} {% raw %} <<EOT",
    "a # b // c /* d */",
)
"""Reasons that a template language or a parser could take for its own."""

CREDENTIALS = {"type": "service_account", "client_email": "a@example.invalid", "private_key": "x"}
ROOT_MODULE = """\
provider "google" {
  credentials = jsonencode(var.credentials)
  project     = "unused"
  region      = "unused"
}
variable "credentials" { type = map(string) }
variable "project" { type = string }
variable "network" { type = string }
variable "target_tags" { type = list(string) }
variable "pod_cidrs" { type = list(string) }
variable "node_cidrs" { type = list(string) }
"""


def prepare() -> None:
    """Build OpenTofu and the provider, and have HashiCorp's parser."""
    programs.require(("ip", "unshare"))
    programs.prepare(("tofu", "terraform-provider-google"))
    programs.prepare_hcl()


def run(*, short: bool) -> list[str]:
    """Return where a plan differs from a module; the short form asks as much, and leaves the page alone."""
    modules = list(dict.fromkeys(tuple(sorted(files.items())) for files in emitted()))
    with tempfile.TemporaryDirectory(dir=sandbox.SCRATCH) as folder:
        root = Root(Path(folder), [dict(files) for files in modules])
        wrong = [*differences(root), *lifecycle(root)]
    if not short and not wrong:
        evidence.write("terraform", facts(root))
    return wrong


def emitted() -> Iterator[Files]:
    """Yield the module of every case and example, and one with every text that could be code."""
    for folder in (ROOT / "tests" / "cases", ROOT / "examples"):
        for module in sorted(folder.rglob("terraform/")):
            if (module / "firewall.tf").exists():
                yield {path.name: path.read_bytes() for path in sorted(module.glob("*.tf"))}
    yield hostile()


def hostile() -> Files:
    """Return a module whose descriptions carry the texts."""
    lines = [
        f"203.0.113.{number}/32 -> shop[app=web]:{8000 + number} because {json.dumps(text)}\n"
        for number, text in enumerate(TEXTS)
    ]
    files = {"intentc.yaml": CLUSTER, "a.intent": "".join(lines)}
    result = compile_files({path: text.encode() for path, text in files.items()}, Options())
    assert [item.message for item in result.diagnostics if item.severity == "error"] == []
    return {
        item.path.rpartition("/")[2]: item.content for item in result.artifacts if item.path.endswith(".tf")
    }


class Root:
    """A root module that uses all modules, each with the inputs that it declares."""

    def __init__(self, folder: Path, modules: list[Files]) -> None:
        """Write it, and the modules beside it."""
        self.folder = folder
        self.modules = {f"m{number:03}": files for number, files in enumerate(modules)}
        self.rules: dict[str, Rules] = {}
        for name, files in self.modules.items():
            (folder / name).mkdir()
            for path, content in files.items():
                (folder / name / path).write_bytes(content)
            self.rules[name] = given(firewall_modules.firewall_rules(files))
        (folder / "terraform.tfvars.json").write_text(json.dumps({**GIVEN, "credentials": CREDENTIALS}))
        overrides = (
            f'dev_overrides {{ "hashicorp/google" = "{programs.built("terraform-provider-google").parent}" }}'
        )
        (folder / "rc").write_text(f"provider_installation {{\n  {overrides}\n}}\n")
        self.use(self.modules)

    def use(self, names: Any) -> None:
        """Use these of the modules."""
        calls = []
        for name in names:
            declared = hcl.parse_hcl(self.modules[name]["variables.tf"].decode()).get("variable", {})
            inputs = "".join(f"  {each} = var.{each}\n" for each in declared)
            calls.append(f'module "{name}" {{\n  source = "./{name}"\n{inputs}}}\n')
        (self.folder / "main.tf").write_text(ROOT_MODULE + "".join(calls))
        self.tofu("get")

    def tofu(self, *arguments: str) -> str:
        """Run OpenTofu, and return what it prints."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TF_CLI_CONFIG_FILE": str(self.folder / "rc"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        command = [
            str(programs.built("tofu")),
            *arguments,
            *(["-no-color"] if arguments[0] != "show" else []),
        ]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def plan(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return what is planned for each rule, by module and label."""
        self.tofu("plan", "-refresh=false", "-lock=false", "-input=false", "-out=plan")
        changes = json.loads(self.tofu("show", "-json", "plan"))["resource_changes"]
        assert {change["type"] for change in changes} <= {RESOURCE}
        return {
            (change["module_address"].removeprefix("module."), change["name"]): change["change"]
            for change in changes
        }


def given(value: Any) -> Any:
    """Return a value of a module with its inputs as the root module gives them."""
    if isinstance(value, dict):
        return {key: given(item) for key, item in value.items()}
    if isinstance(value, list):
        return [given(item) for item in value]
    if isinstance(value, str) and value.startswith("${var."):
        return GIVEN[value[len("${var.") : -1]]
    return value


def differences(root: Root) -> Iterator[str]:
    """Yield where the plan is not what the modules say, and whether a second one says the same."""
    root.tofu("validate")
    planned = root.plan()
    wanted = {(name, label) for name, rules in root.rules.items() for label in rules}
    if set(planned) != wanted:
        yield f"planned and not written, or the reverse: {sorted(set(planned) ^ wanted)}"
    for (name, label), change in planned.items():
        if change["actions"] != ["create"]:
            yield f"{name} {label}: {change['actions']}"
        rule = root.rules[name].get(label, {})
        for key in sorted({*rule, *(key for key, value in change["after"].items() if value)} - UNSAID):
            written, found = rule.get(key), change["after"].get(key)
            if ordered(written) != ordered(found):
                yield f"{name} {label}: {key} is {found!r}, and {written!r} is written"
    said = " ".join(str(change["after"]["description"]) for change in planned.values())
    for text in TEXTS:
        if text not in said:
            yield f"no description has the text {text!r}"
    if root.plan() != planned:
        yield "a second plan is another"


UNSAID = {"timeouts", "disabled", "enable_logging"}
"""What the provider fills in, with the value that the API has without it."""


def ordered(value: Any) -> Any:
    """Return a value in one order: the provider knows sets, the parser lists; without items it is nothing."""
    if isinstance(value, list):
        return sorted((ordered(item) for item in value), key=str) or None
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := ordered(item)) is not None}
    return value


def lifecycle(root: Root) -> Iterator[str]:
    """Yield what is planned beside nothing where nothing changed, and beside one rule where one is gone.

    No API is asked: the state says of each rule what was planned of it.
    """
    name = max(root.rules, key=lambda each: len(root.rules[each]))
    root.use([name])
    resources = []
    for (_, label), change in root.plan().items():
        attributes = {
            **change["after"],
            "id": change["after"]["name"],
            "self_link": "x",
            "creation_timestamp": "x",
        }
        for key in ("source_ranges", "destination_ranges"):
            attributes.setdefault(key, [])
        instance = {"schema_version": 1, "attributes": attributes}
        resources.append(
            {
                "module": f"module.{name}",
                "mode": "managed",
                "type": RESOURCE,
                "name": label,
                "provider": f'provider["{ADDRESS}"]',
                "instances": [instance],
            }
        )
    state = {"version": 4, "terraform_version": "1.12.0", "serial": 1, "lineage": "x", "outputs": {}}
    (root.folder / "terraform.tfstate").write_text(json.dumps({**state, "resources": resources}))
    same = root.plan()
    if {tuple(change["actions"]) for change in same.values()} != {("no-op",)}:
        yield f"a module that has not changed: {[change['actions'] for change in same.values()]}"
    path = root.folder / name / "firewall.tf"
    blocks = path.read_text().split("\nresource ")
    path.write_text("\nresource ".join(blocks[:-1]))
    outputs = root.folder / name / "outputs.tf"
    outputs.write_text("")
    less = root.plan()
    gone = blocks[-1].split('"')[3]
    wrong = {
        label: change["actions"]
        for (_, label), change in less.items()
        if (change["actions"] == ["delete"]) != (label == gone)
    }
    if wrong or not less:
        yield f"without {gone}: {wrong}"


def facts(root: Root) -> list[str]:
    """Return what is worth a line in the page."""
    rules = sum(map(len, root.rules.values()))
    return [
        f"* OpenTofu validated and planned {len(root.modules)} modules, of every case, every example, and",
        "  one full of texts that could be code, from one root module that gives them their inputs.",
        f"* Each of the {rules} rules is planned with exactly the name, description, direction, priority,",
        "  ranges, targets, protocols and ports that HashiCorp's parser reads in the module.",
        "* A second plan is the same. Against a state that holds what was planned nothing changes, and",
        "  without one rule exactly that rule is destroyed.",
        "* There was no network. The provider is Google's own `google_compute_firewall` of release 1.20.0:",
        "  later releases are no Go modules that others can require. Its schema has every argument that is",
        "  emitted.",
    ]
