"""The ./dev script as a module: the one home of where the environment and the tools are."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def load(script: Path = ROOT / "dev") -> Any:
    """Import the ./dev script; every call gives a fresh module, whose names a test may replace."""
    loader = SourceFileLoader("dev", str(script))
    specification = spec_from_loader(loader.name, loader)
    assert specification is not None
    module = module_from_spec(specification)
    loader.exec_module(module)
    return module
