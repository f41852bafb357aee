"""The guards, in this process: the package of one project with every option on."""

import atexit
import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType

from helpers import SWITCHES, generate
from kedro.framework.startup import bootstrap_project

_FOLDER = tempfile.mkdtemp(prefix="kit-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

PROJECT = generate(Path(_FOLDER), **dict.fromkeys(SWITCHES, True))
PACKAGE = bootstrap_project(PROJECT).package_name


def ops(module: str) -> ModuleType:
    """A module of ``ops/``, such as ``core.settings``."""
    return import_module(f"{PACKAGE}.ops.{module}")
