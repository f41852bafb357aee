"""The register in hooks.py, read from top to bottom, is the order of Kedro's calls.

Those that wrap the others come first, in the order of the register, too.
"""

import json
from pathlib import Path

import pytest
from helpers import generate, run
from test_combinations import alone, but_one, name

# A team that implements everything.
EVERY_HOOK = """
from kedro.framework.hooks import hook_impl, specs

def _implement(name):
    def method(self):
        pass
    setattr(TeamHooks, name, hook_impl(method))

for _specs in vars(specs).values():
    for _name, _spec in vars(_specs).items() if isinstance(_specs, type) else ():
        if hasattr(_spec, "kedro_spec"):
            _implement(_name)
"""

# Calls every hook of a session as Kedro does, with the hooks' own code taken out.
RECORD = """
import json
from pathlib import Path
from kedro.framework.project import settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
from toe_test.hooks import HOOKS, REGISTER

assert tuple(settings.HOOKS) == tuple(HOOKS)
assert sorted(map(id, HOOKS)) == sorted(map(id, REGISTER))
with KedroSession.create() as session:
    hooks = session._hook_manager.hook

called = []

def put_recorder(implementation):
    wraps = implementation.hookwrapper or implementation.wrapper
    plugin = implementation.plugin
    if wraps:
        def recorder(*args):
            called.append(plugin)
            return (yield)
    else:
        def recorder(*args):
            called.append(plugin)
    implementation.function = recorder

def register_index(plugin):
    return next((i for i, hook in enumerate(REGISTER) if hook is plugin), None)

def is_inside(plugin, name):
    # Wrappers act first, and then again last; the others act inside them.
    return not getattr(plugin, name).kedro_impl["wrapper"]

orders = {}
for name, hook in vars(hooks).items():
    if name.startswith("_"):
        continue
    for implementation in hook.get_hookimpls():
        put_recorder(implementation)
    called.clear()
    hook(**dict.fromkeys(hook.spec.argnames))
    calls = [register_index(plugin) for plugin in called]
    orders[name] = {
        "called": [index for index in calls if index is not None],
        "written": sorted(
            (i for i, it in enumerate(REGISTER) if hasattr(it, name)),
            key=lambda i: is_inside(REGISTER[i], name),
        ),
    }
names = [type(hook).__name__ for hook in REGISTER]
print("RESULT", json.dumps({"register": names, "orders": orders}))
"""
SPECS = {
    "after_catalog_created",
    "after_context_created",
    "after_dataset_loaded",
    "after_dataset_saved",
    "after_node_run",
    "after_pipeline_run",
    "before_dataset_loaded",
    "before_dataset_saved",
    "before_node_run",
    "before_pipeline_run",
    "on_node_error",
    "on_pipeline_error",
}


FEW = [*alone()[:2], *but_one(["progress", "run_status"])]


@pytest.mark.parametrize("combination", FEW, ids=name)
def test_kedro_calls_the_hooks_in_the_order_of_the_register(
    combination: dict[str, bool], tmp_path: Path
) -> None:
    project = generate(tmp_path, **combination)
    file = project / "src" / "toe_test" / "hooks.py"
    with file.open("a", encoding="utf-8") as stream:
        stream.write(EVERY_HOOK)

    said = run("python", "-c", RECORD, cwd=project).stdout
    result = json.loads(said.rpartition("RESULT ")[2])

    register = file.read_text(encoding="utf-8").partition("REGISTER")[2]
    places = [register.index(f"{hook}()") for hook in result["register"]]
    assert places == sorted(places)
    assert result["orders"].keys() == SPECS
    team = result["register"].index("TeamHooks")
    for order in result["orders"].values():
        assert order["called"] == order["written"]
        assert team in order["called"]
