"""Tests of ``ops/``: a module of tests for each of its modules."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from kedro.framework.startup import bootstrap_project

PACKAGE = bootstrap_project(Path(__file__).parents[2]).package_name


def ops(module: str) -> ModuleType:
    """A module of ``ops/``."""
    return import_module(f"{PACKAGE}.ops.{module}")
