"""Write `templates/frames.json`: the frames that most builds need, so that they need not load Jinja.

`python -m tests.frames` writes the file, `--print` prints it; `tests/test_frames.py` holds the file to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.frames.shipped import wanted

FILE = Path(__file__).resolve().parents[2] / "templates" / "frames.json"


def main() -> int:
    """Write the file, and say whether it changed."""
    text = wanted()
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text)
        return 0
    if FILE.is_file() and FILE.read_text() == text:
        print("frames.json is what the templates say")  # noqa: T201 - it talks to a person
        return 0
    FILE.write_text(text)
    print(f"wrote {FILE}: {len(text):,} bytes")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
