"""`intentc schema`: what intentc.yaml may hold, for editors and validators."""

from __future__ import annotations

import sys


def command() -> None:
    """Print the JSON Schema of intentc.yaml."""
    from intentc.project import schema_text

    sys.stdout.write(schema_text())
