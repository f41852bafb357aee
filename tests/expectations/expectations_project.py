"""A small project with suites, for the tests of expectations."""

import pandas as pd
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework import project as kedro_project
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kit import PACKAGE, ops

GOOD = pd.DataFrame({"id": [1, 2, 3], "kind": ["a", "b", "a"]})
BAD = pd.DataFrame({"id": [1, 2, None], "kind": ["a", "b", "c"]})

IDS = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}
KINDS = {
    "type": "expect_column_values_to_be_in_set",
    "kwargs": {"column": "kind", "value_set": ["a", "b"]},
    "severity": "warning",
}
VALIDATOR = f"{PACKAGE}.ops.expectations.validator.SuiteValidator"


def csv(name, **more):
    return {"type": "pandas.CSVDataset", "filepath": f"data/{name}.csv", **more}


def make(data):
    """A node's function that gives those data."""

    def function():
        return data

    return function


class Project:
    """A project with a catalog, suites and settings, and the hook."""

    def __init__(self, path, patch):
        self.path = path
        self.patch = patch
        for env in ("base", "local", "prod"):
            (path / "conf" / env).mkdir(parents=True)
        (path / "conf" / "base" / "parameters.yml").write_text("a: 1")
        (path / "data").mkdir()
        self.hook = ops("expectations.hook").Expectations()
        self.hooks = _create_hook_manager()
        self.hooks.register(self.hook)
        self.context = None

    def suite(self, name, *expectations, env="base"):
        folder = self.path / "conf" / env / "expectations"
        folder.mkdir(exist_ok=True)
        text = yaml.safe_dump({"expectations": list(expectations)})
        (folder / f"{name}.yml").write_text(text)

    def pipelines(self, *nodes):
        """Register a pipeline, as the project's own ``pipeline_registry`` would."""
        self.pipeline = Pipeline(list(nodes))
        self.patch.setattr(kedro_project, "pipelines", {"all": self.pipeline})

    def load(self, entries, env=None, **settings):
        base = self.path / "conf" / "base"
        (base / "catalog.yml").write_text(yaml.safe_dump(entries))
        settings = {"expectations": settings}
        (base / "ops.yml").write_text(yaml.safe_dump(settings))
        loader = OmegaConfigLoader(
            self.path / "conf", env=env, base_env="base", default_run_env="local"
        )
        self.context = KedroContext(self.path, loader, env, PACKAGE, self.hooks)
        self.hooks.hook.after_context_created(context=self.context)
        return self.context.catalog

    @property
    def run_params(self):
        env = self.context.env
        return {"project_path": self.path.as_posix(), "env": env, "run_id": "run-1"}

    def run(self, catalog, *nodes, runner=None):
        """Run nodes as a session does."""
        told = {"run_params": self.run_params, "catalog": catalog}
        told["pipeline"] = pipeline = Pipeline(list(nodes))
        self.hooks.hook.before_pipeline_run(**told)
        try:
            result = (runner or SequentialRunner()).run(pipeline, catalog, self.hooks)
        except Exception as error:
            self.hooks.hook.on_pipeline_error(error=error, **told)
            raise
        self.hooks.hook.after_pipeline_run(run_result=result, **told)

    def save(self, catalog, name, data, runner=None):
        self.run(catalog, node(make(data), None, name, name="make"), runner=runner)

    def has(self, name):
        return (self.path / "data" / name).exists()


@pytest.fixture
def gated(tmp_path, monkeypatch):
    """A project without data and without suites."""
    monkeypatch.delenv("EXPECTATIONS", raising=False)
    monkeypatch.delenv("KEDRO_DATASET_VALIDATION", raising=False)
    monkeypatch.setattr(kedro_project, "pipelines", {})
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", monkeypatch)
