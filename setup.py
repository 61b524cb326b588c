"""Name the packages: those found in intentc/, and the three data folders that live at the top level.

Everything else is declared in pyproject.toml; only a list that is partly found and partly given needs code.
"""

from setuptools import find_packages, setup

DATA_FOLDERS = {"intentc.grammar": "grammar", "intentc.templates": "templates", "intentc.docs": "docs"}

setup(
    packages=[*find_packages(include=["intentc", "intentc.*"]), *DATA_FOLDERS],
    package_dir={"intentc": "intentc", **DATA_FOLDERS},
)
