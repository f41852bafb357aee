"""Runs that are about to start, in a small project, for the tests of what looks at them."""

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.pipeline import Pipeline, node
from kit import PACKAGE, ops


def same(data):
    return data


def text(path, **more):
    return {"type": "text.TextDataset", "filepath": path, **more}


class Planner:
    """A project with a catalog and settings, and runs of it that do not start."""

    def __init__(self, path):
        self.path = path
        for folder in ("conf/base", "conf/local", "data"):
            (path / folder).mkdir(parents=True)
        self.write("conf/base/parameters.yml", "a: 1")
        self.hooks = _create_hook_manager()
        self.preflight = ops("preflight.hook").Preflight()
        self.hooks.register(self.preflight)

    def write(self, name, content):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def context(self, entries, credentials=None, **settings):
        self.write("conf/base/catalog.yml", yaml.safe_dump(entries))
        self.write("conf/local/credentials.yml", yaml.safe_dump(credentials or {}))
        self.write("conf/base/ops.yml", yaml.safe_dump({"preflight": settings}))
        loader = OmegaConfigLoader(
            self.path / "conf", base_env="base", default_run_env="local"
        )
        return KedroContext(self.path, loader, None, PACKAGE, self.hooks)

    def run(self, entries, *nodes, params=None, catalog=None, **more):
        """A planned run of nodes, each named after its output: (input, output[, func])."""
        context = self.context(entries, **more)
        return ops("preflight.planned_run").PlannedRun(
            context, params or {}, pipeline(*nodes), catalog or context.catalog
        )

    def start(self, entries, *nodes, **more):
        """Start a run as Kedro does, up to the moment at which nodes would run."""
        context = self.context(entries, **more)
        self.hooks.hook.after_context_created(context=context)
        self.hooks.hook.before_pipeline_run(
            run_params={"run_id": "1", "project_path": str(self.path)},
            pipeline=pipeline(*nodes),
            catalog=context.catalog,
        )


def pipeline(*nodes):
    made = []
    for source, target, *function in nodes:
        made.append(node(*(function or [same]), source, target, name=f"to_{target}"))
    return Pipeline(made)


@pytest.fixture
def planner(tmp_path, monkeypatch):
    monkeypatch.delenv("PREFLIGHT", raising=False)
    (tmp_path / "project").mkdir()
    return Planner(tmp_path / "project")
