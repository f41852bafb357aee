"""A small project for tests: a catalog, settings, data and branches."""

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kit import PACKAGE, ops


def same(data):
    return data


class Project:
    """A project with a catalog, settings and a branch, and its hook."""

    def __init__(self, path):
        self.path = path
        for folder in ("conf/base", "conf/local", "data"):
            (path / folder).mkdir(parents=True)
        (path / "conf" / "base" / "parameters.yml").write_text("a: 1")
        self.hooks = _create_hook_manager()
        self.hooks.register(ops("steel_toes.hook").SteelToes())
        self.context = None
        self.store = "data/.ops"

    def catalog(self, entries, **settings):
        base = self.path / "conf" / "base"
        (base / "catalog.yml").write_text(yaml.safe_dump(entries))
        settings = {"steel_toes": settings, "store": self.store}
        (base / "ops.yml").write_text(yaml.safe_dump(settings))
        loader = OmegaConfigLoader(
            self.path / "conf", base_env="base", default_run_env="local"
        )
        self.context = KedroContext(self.path, loader, None, PACKAGE, self.hooks)
        self.hooks.hook.after_context_created(context=self.context)
        return self.context.catalog

    def run(self, catalog, *nodes):
        pipeline = Pipeline([node(same, *names, name=names[1]) for names in nodes])
        self.hooks.hook.before_pipeline_run(
            run_params={"run_id": "run-1", "project_path": self.path},
            pipeline=pipeline,
            catalog=catalog,
        )
        SequentialRunner().run(pipeline, catalog, self.hooks)

    @property
    def branches(self):
        """The data of all branches, as the commands see it."""
        return ops("steel_toes.branches").Branches.from_context(self.context)

    def save(self, branch, **data):
        """Save datasets on a branch."""
        for name, content in data.items():
            self.branches.dataset(name, branch).save(content)

    def save_base(self, **data):
        for name, content in data.items():
            self.branches.dataset(name, "any").base.save(content)

    def load_base(self, name):
        return self.branches.dataset(name, "any").base.load()

    def record(self, branch, dataset):
        return self.branches.manifest.read(branch, dataset)

    def files(self):
        """The names of the files with data."""
        files = (self.path / "data").rglob("*.*")
        return sorted(path.name for path in files if ".ops" not in path.parts)

    def tree(self):
        """Every file of the project with its bytes."""
        files = (path for path in self.path.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for variable in ["CI", *ops("core.git")._CI_SYSTEMS]:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("STEEL_TOES", raising=False)
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project")
