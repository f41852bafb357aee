"""The hook: what it counts, and what it spares Kedro."""

import copy
import logging
import pickle
import re
import warnings

import pytest
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner
from kit import ops

hook = ops("progress.hook")
internals = ops("core.kedro_internals")


def shout(text):
    return text.upper()


def chain(length):
    return Pipeline(
        [Node(shout, f"d{i}", f"d{i + 1}", name=f"n{i}") for i in range(length)]
    )


@pytest.fixture
def on():
    """Progress is on, as after a context is created."""
    token = hook._ON.set(True)
    yield
    hook._ON.reset(token)


def run(pipeline, runner, progress=None):
    """Run as a session does, with this hook only; return what was logged."""
    manager = _create_hook_manager()
    manager.register(progress or hook.Progress())
    params = {"run_id": "1", "project_path": "."}
    catalog = DataCatalog({"d0": MemoryDataset("a")})
    given = {"run_params": params, "pipeline": pipeline, "catalog": catalog}
    manager.hook.before_pipeline_run(**given)
    try:
        result = runner.run(pipeline, catalog, manager, run_id="1")
    except Exception as error:
        manager.hook.on_pipeline_error(error=error, **given)
        raise
    manager.hook.after_pipeline_run(run_result=result, **given)


@pytest.mark.parametrize("kind", [SequentialRunner, ThreadRunner])
def test_each_node_that_is_done_is_one_line(on, caplog, kind):
    with caplog.at_level(logging.INFO):
        run(chain(3), kind())

    lines = [r.getMessage() for r in caplog.records if r.name == hook.__name__]
    assert lines == ["1 of 3: n0", "2 of 3: n1", "3 of 3: n2"]


def test_one_line_says_that_a_run_succeeded(on, capsys):
    run(chain(3), SequentialRunner())

    assert re.fullmatch(r"succeeded  3 of 3 nodes in \d+ ms\n", capsys.readouterr().err)


def test_off_says_nothing(caplog):
    with caplog.at_level(logging.INFO):
        run(chain(2), SequentialRunner())

    assert not [r for r in caplog.records if r.name == hook.__name__]


def test_skipped_nodes_count_as_done(on, caplog):
    progress = hook.Progress()
    manager = _create_hook_manager()
    manager.register(progress)
    given = {"run_params": {"run_id": "1", "project_path": "."}, "pipeline": chain(3)}
    with caplog.at_level(logging.INFO):
        manager.hook.before_pipeline_run(catalog=None, **given)
        ops("core.findings").report_skipped_node("n0", "unchanged")
        logging.getLogger("any.runner").info("Completed node: %s", "n1")
        manager.hook.after_pipeline_run(run_result={}, catalog=None, **given)

    assert "2 of 3: n1" in caplog.text


def test_the_log_is_left_as_it_was(on):
    before = logging.getLogger().handlers[:]
    run(chain(1), SequentialRunner())
    with pytest.raises(AttributeError):
        run(Pipeline([Node(shout, "d1", "d2")]) + chain(1).rename(), SequentialRunner())

    assert logging.getLogger().handlers == before


def test_kedro_goes_over_all_nodes_as_often_for_many_nodes_as_for_few(on):
    def times(pipeline):
        asked = []
        all_inputs = pipeline.all_inputs
        pipeline.all_inputs = lambda: asked.append(1) or all_inputs()
        run(pipeline, SequentialRunner())
        return len(asked)

    assert times(chain(50)) == times(chain(5))


def test_who_changes_the_answer_changes_a_copy():
    pipeline = chain(2)
    internals.remember_inputs_and_outputs(pipeline)
    pipeline.inputs().clear()

    assert pipeline.inputs() == {"d0"}


def test_such_a_pipeline_can_be_pickled_copied_and_added():
    pipeline = chain(2)
    internals.remember_inputs_and_outputs(pipeline)

    for other in (pickle.loads(pickle.dumps(pipeline)), copy.deepcopy(pipeline)):
        assert (other.inputs(), other.outputs()) == ({"d0"}, {"d2"})
    more = pipeline + Pipeline([Node(shout, "d2", "d3", name="more")])
    assert (more.inputs(), more.outputs()) == ({"d0"}, {"d3"})
    assert pipeline.only_nodes("n1").inputs() == {"d1"}


def test_only_the_warning_of_kedros_own_resolvers_is_hidden():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        hook.Progress()
        text = "register_new_resolver() is deprecated and will be removed"
        for module in ("kedro.config.omegaconf_config", "team.settings"):
            warnings.warn_explicit(text, UserWarning, "file.py", 1, module, {})
        warnings.warn_explicit(
            "other", UserWarning, "f.py", 1, "kedro.config.omegaconf_config", {}
        )

    assert [str(each.message) for each in caught] == [text, "other"]


class Refusing:
    """A guard that lets no run start, or the team's hook that fails."""

    def __init__(self, error):
        self.error = error

    @hook_impl
    def before_pipeline_run(self):
        raise self.error


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (ops("core.errors").OpsError("2 errors"), "not started  0 of 3 nodes in "),
        (ValueError("2 errors"), "failed  0 of 3 nodes in "),
    ],
)
def test_what_stops_a_run_before_it_starts_is_said(on, capsys, error, first):
    manager = _create_hook_manager()
    manager.register(Refusing(error))
    manager.register(hook.Progress())
    with pytest.raises(type(error)):
        manager.hook.before_pipeline_run(
            run_params={"project_path": "."}, pipeline=chain(3), catalog=None
        )

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(first)
    kind = "ValueError: " if isinstance(error, ValueError) else ""
    assert " ".join(lines[1].split()) == f"error {kind}2 errors"
    assert len(lines) == 2
