"""A small project whose runs skip: a catalog, parameters, and what ran."""

import os

import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from kit import PACKAGE, ops


def note(name):
    # In a file: a list here would be a part of the code that changes as it runs.
    with open(os.environ.get("RAN", os.devnull), "a", encoding="utf-8") as file:
        file.write(f"{name}\n")


def clean(raw):
    note("clean")
    return raw.strip()


def total(mid, size):
    note("total")
    return f"{mid} {size}"


NODES = [
    Node(clean, "raw", "mid", name="clean"),
    Node(total, ["mid", "params:size"], "out", name="total"),
]


def text(path, **more):
    return {"type": "text.TextDataset", "filepath": str(path), **more}


class SkipProject:
    """A project in a folder, with a context that is made anew for each run."""

    def __init__(self, path):
        self.path = path
        (path / "conf/base").mkdir(parents=True)
        (path / "conf/local").mkdir()
        (path / "data").mkdir()
        (path / "data/raw.txt").write_text("one")
        names = ("raw", "mid", "out")
        self.entries = {name: text(path / f"data/{name}.txt") for name in names}
        self.parameters = {"size": 1}
        self.settings = {}

    def context(self):
        base = self.path / "conf/base"
        (base / "catalog.yml").write_text(yaml.safe_dump(self.entries))
        (base / "parameters.yml").write_text(yaml.safe_dump(self.parameters))
        ops_yml = {"skip_unchanged": self.settings, "store": "data/.ops"}
        (base / "ops.yml").write_text(yaml.safe_dump(ops_yml))
        loader = OmegaConfigLoader(
            self.path / "conf", base_env="base", default_run_env="local"
        )
        hooks = _create_hook_manager()
        return KedroContext(self.path, loader, None, PACKAGE, hooks)

    def run(self, nodes=NODES, kind=SequentialRunner, **options):
        """Run; return the names of the nodes that ran."""
        ran = self.path / "ran"
        ran.write_text("")
        context = self.context()
        runner = ops("skip_unchanged.session").with_skipping(kind)()
        runner.context = context
        os.environ["RAN"] = str(ran)
        catalog = context._get_catalog()
        self.returned = runner.run(Pipeline(nodes), catalog, _create_hook_manager())
        return ran.read_text().split()

    def plan(self, nodes=NODES):
        context = self.context()
        catalog = context._get_catalog()
        return (
            ops("skip_unchanged.run")
            .SkipRun.prepare(context, Pipeline(nodes), catalog)
            .plan
        )
