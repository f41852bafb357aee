"""A hash of all that decides what a tool says about the code."""

from __future__ import annotations

import hashlib
import os
import platform
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_SETTINGS = (
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "mypy.ini",
    ".mypy.ini",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
)
_SOURCES = (".py", ".pyi")


def code_hash(project: Path, paths: list[str], tool: str) -> str | None:
    """Of the sources, the configuration, the tool and what is installed.

    Returns:
        None if the tool is not installed.
    """
    try:
        version = metadata.version(tool)
    except metadata.PackageNotFoundError:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for word in (tool, version, platform.python_version(), *paths, *_environment()):
        digest.update(f"{word}\0".encode())
    for file in _files(project, paths):
        digest.update(f"{file}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _environment() -> Iterator[str]:
    # What is installed changes what mypy finds; installing touches the folder.
    for key in ("purelib", "platlib"):
        folder = sysconfig.get_path(key)
        yield f"{folder} {os.stat(folder).st_mtime_ns}"


def _files(project: Path, paths: list[str]) -> Iterator[Path]:
    for name in _SETTINGS:
        if (project / name).is_file():
            yield project / name
    for path in paths:
        if (project / path).is_file():
            yield project / path
        for top, folders, names in os.walk(project / path):
            folders.sort()
            for name in sorted(names):
                if name.endswith(_SOURCES):
                    yield Path(top, name)
