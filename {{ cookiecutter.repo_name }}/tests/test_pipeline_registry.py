"""
This module contains an example test for a Kedro project.
Tests should be placed in ``tests``, in modules that mirror your
project's structure, and in files named test_*.py.
"""

from pathlib import Path

from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

PROJECT = Path(__file__).parents[1]


def test_a_plain_run_takes_every_node_of_the_project():
    bootstrap_project(PROJECT)

    named = {node for name in pipelines for node in pipelines[name].nodes}

    assert set(pipelines["__default__"].nodes) == named
