#!/usr/bin/env bash
# Install intentc from this checkout: integrations/install.sh DIRECTORY makes a virtual environment there.
# PYTHON names the interpreter (python3). Every package must have the hash that requirements/ has for it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=$1
"${PYTHON:-python3}" -m venv "$place"

packages() {
  "$place/bin/python" -m pip install --disable-pip-version-check --no-input --quiet --no-deps "$@"
}

packages --require-hashes --only-binary :all: --requirement "$root/requirements/run.lock"
packages --require-hashes --only-binary :all: --requirement "$root/requirements/build.lock"

# A build leaves files beside what it builds, and the checkout may be read-only.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$root" && cp -R LICENSE MANIFEST.in README.md docs grammar intentc pyproject.toml setup.py templates "$work")
packages --no-build-isolation "$work"
"$place/bin/python" -m pip uninstall --disable-pip-version-check --quiet --yes setuptools
"$place/bin/intentc" --version
