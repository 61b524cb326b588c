"""Say what pyproject.toml cannot: packages that are partly found, partly given, and reproducible archives.

The same sources give the same bytes, whoever builds them, when and where; tests/test_packaging.py shows it.
"""

import gzip
import os
import tarfile
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.sdist import sdist

# Data that lives at the top level and ships as packages: docs/adr/0001-where-data-files-live.md
DATA_FOLDERS = {"intentc.grammar": "grammar", "intentc.templates": "templates", "intentc.docs": "docs"}

# The time of every file in an archive; 1980-01-01 is the first that a zip archive, so a wheel, can hold.
TIME = int(os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800"))


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave nothing of the machine in an entry of the archive: no owner, no time, no umask."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = TIME
    entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    return entry


class SourceArchive(sdist):
    """Write the source distribution; the one of setuptools holds the time and the user of the build."""

    def make_archive(self, base_name: str, _format: str, *, base_dir: str, **_owner: object) -> str:
        """Pack the release tree `base_dir` into `base_name`.tar.gz."""
        path = Path(f"{base_name}.tar.gz")
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=TIME) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(base_dir, filter=anonymous)
        return str(path)


os.umask(0o022)  # a wheel records the permissions of the files it is made from
setup(
    packages=[*find_packages(include=["intentc", "intentc.*"]), *DATA_FOLDERS],
    package_dir={"intentc": "intentc", **DATA_FOLDERS},
    cmdclass={"sdist": SourceArchive},
)
