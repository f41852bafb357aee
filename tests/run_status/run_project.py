"""A small project to run, with the hooks of run status, in this process."""

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kit import PACKAGE, ops


def same(data):
    return data


def read_journals(store, key):
    """What each process has written of a run, by file."""
    texts = store.read_many(dict.fromkeys(store.files(key), 0))
    return {name.rpartition("/")[2]: text for name, text in texts.items()}


class RunProject:
    """A project with settings, and hooks that act as in a session of Kedro."""

    def __init__(self, path, *hooks):
        self.path, self.sessions = path, 0
        for folder in ("conf/base", "conf/local"):
            (path / folder).mkdir(parents=True)
        self.hooks = _create_hook_manager()
        for hook in hooks:
            self.hooks.register(hook)
        self.store = ops("core.store").Store(str(path / "data/.ops/runs"))
        self.settings()

    def settings(self, **sections):
        file = self.path / "conf" / "base" / "ops.yml"
        file.write_text(yaml.safe_dump(sections))

    def session(
        self, *nodes, runner=None, run_id=None, data=1, parameters=None, **params
    ):
        """Do what ``KedroSession.run`` does, for nodes that begin with ``raw``."""
        self.context()
        self.sessions += 1
        run_id = run_id or f"run-{self.sessions}"  # in order, as Kedro's are
        pipeline = Pipeline(list(nodes) or [node(same, "raw", "out", name="copy")])
        catalog = DataCatalog()
        catalog["raw"] = data
        if parameters is not None:
            catalog["parameters"] = parameters
        told = {"run_id": run_id, "project_path": str(self.path), **params}
        hook, shared = self.hooks.hook, {"run_params": told, "catalog": catalog}
        hook.before_pipeline_run(pipeline=pipeline, **shared)
        runner = runner or SequentialRunner()
        try:
            result = runner.run(pipeline, catalog, self.hooks, run_id)
        except Exception as error:
            hook.on_pipeline_error(error=error, pipeline=pipeline, **shared)
            raise
        hook.after_pipeline_run(run_result=result, pipeline=pipeline, **shared)

    def context(self):
        """Do what Kedro does before a command of the project."""
        loader = OmegaConfigLoader(
            self.path / "conf", base_env="base", default_run_env="local"
        )
        context = KedroContext(self.path, loader, None, PACKAGE, self.hooks)
        self.hooks.hook.after_context_created(context=context)

    def runs(self):
        """The runs as their journals tell them, the oldest first."""
        return [
            ops("run_status.replay").read(self.store, key)
            for key in ops("run_status.history").run_keys(self.store)
        ]

    def run(self):
        [run] = self.runs()
        return run
