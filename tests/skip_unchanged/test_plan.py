"""What has to run, what need not, and in how many waves."""

import sys

import kedro.utils
import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Node, Pipeline
from kedro.runner import ThreadRunner
from kit import ops

from .skip_project import NODES, SkipProject, note, text, total


@pytest.fixture
def project(tmp_path):
    project = SkipProject(tmp_path)
    project.run()
    return project


def actions(plan):
    return {group.name: group.action for group in plan.groups}


def test_nothing_to_do(project):
    assert actions(project.plan()) == {"clean": "skip", "total": "skip"}


def test_what_depends_on_what_changed_may_have_to_run(project):
    (project.path / "data/raw.txt").write_text(" one ")

    plan = project.plan()
    assert actions(plan) == {"clean": "run", "total": "maybe"}
    assert [group.name for group in plan.wave()] == ["clean"]
    assert [group.name for group in plan.wave(last=True)] == ["clean", "total"]
    assert project.run() == ["clean"]


def test_what_must_run_anyway_waits_for_nobody(project):
    (project.path / "data/raw.txt").write_text("two")
    project.parameters = {"size": 2}

    plan = project.plan()
    assert [group.name for group in plan.wave()] == ["clean", "total"]


def test_nodes_in_memory_are_one_step(project):
    del project.entries["mid"]

    assert actions(project.plan()) == {"clean, total": "run"}
    project.run()
    assert actions(project.plan()) == {"clean, total": "skip"}


def split(mid):
    return {"b": mid}


def test_nodes_that_write_to_one_folder_run_always(project):
    """A folder that is copied from another branch would take the other's file along."""
    parts = {"path": str(project.path / "data/parts"), "dataset": "text.TextDataset"}
    project.entries["parts"] = {"type": "partitions.PartitionedDataset", **parts}
    project.entries["out"] = text(project.path / "data/parts/out.txt")
    nodes = [*NODES, Node(split, "mid", "parts", name="split")]
    project.run(nodes)

    assert actions(project.plan(nodes)) == {
        "clean": "skip",
        "total": "run",
        "split": "run",
    }


def save(raw):
    note("save")
    return raw, "done"


def read(data, done):
    note("read")
    return data if isinstance(data, str) else "".join(each() for each in data.values())


@pytest.mark.parametrize("place", ["data/parts/a.txt", "data/parts"])
def test_a_node_that_reads_by_another_name_what_another_writes_runs_always(
    project, place
):
    data = text(project.path / place)
    if place == "data/parts":
        data = {"type": "partitions.PartitionedDataset", "path": data["filepath"]}
        data["dataset"] = "text.TextDataset"
    project.entries["saved"] = text(project.path / "data/parts/a.txt")
    project.entries |= {"data": data, "done": text(project.path / "data/done.txt")}
    nodes = [
        Node(save, "raw", ["saved", "done"], name="save"),
        Node(read, ["data", "done"], "out", name="read"),
    ]
    project.run(nodes)
    assert project.run(nodes) == ["read"]
    (project.path / "data/raw.txt").write_text("two")

    assert project.run(nodes) == ["save", "read"]
    assert (project.path / "data/out.txt").read_text() == "two"


def table(raw):
    import pandas as pd  # noqa: PLC0415

    note("table")
    return pd.DataFrame({"letters": [raw]})


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "pandas.CSVDataset", "save_args": {"mode": "a"}},
        {"type": "pandas.CSVDataset", "fs_args": {"open_args_save": {"mode": "a"}}},
        {"type": "pandas.SQLTableDataset", "save_args": {"if_exists": "append"}},
        {"type": "ibis.TableDataset", "save_args": {"mode": "append"}},
    ],
    ids=lambda entry: f"{entry['type']} {[*entry][1]}",
)
def test_a_node_that_appends_to_its_output_runs_always(project, entry):
    file = str(project.path / "data/table")
    if "CSV" in entry["type"]:
        more = {"filepath": file}
    elif "SQL" in entry["type"]:
        more = {"table_name": "t", "credentials": {"con": f"sqlite:///{file}"}}
    else:
        more = {"table_name": "t", "connection": {"backend": "duckdb"}}
        more["connection"]["database"] = file
        more["save_args"] = {"materialized": "table", **entry["save_args"]}
    project.entries["table"] = {**entry, **more}
    nodes = [Node(table, "raw", "table", name="table")]
    project.run(nodes)

    [group] = project.plan(nodes).groups
    assert group.reasons == ["`table` adds to the existing data"]


def score(mid):
    note("score")
    return {"letters": len(mid), "first": (mid[0],)}


def pair(raw):
    note("pair")
    return raw, raw


SCORED = [*NODES, Node(score, "mid", "metrics", name="score")]


def test_small_plain_outputs_in_memory_are_kept(project, caplog):
    del project.entries["mid"]
    assert project.run(SCORED) == ["clean", "score", "total"]
    made = project.returned["metrics"].load()

    assert project.run(SCORED) == []
    assert project.returned["metrics"].load() == made == {"letters": 3, "first": ("o",)}
    assert project.run(SCORED, ThreadRunner) == []
    assert "Replacing dataset" not in caplog.text


@pytest.mark.parametrize("damage", ["[]", "", None])
def test_a_node_runs_if_what_was_kept_of_it_is_gone(project, damage):
    project.run(SCORED)
    [file] = project.path.glob("data/.ops/kept/*.json")
    file.write_text(damage) if damage is not None else file.unlink()

    assert "in memory only, and what was kept of it is gone" in str(
        project.plan(SCORED).groups[-1].reasons + project.plan(SCORED).groups[1].reasons
    )
    assert project.run(SCORED) == ["score"]
    assert project.run(SCORED) == []


def test_an_output_in_memory_that_is_not_kept_asks_for_a_catalog_entry(project):
    project.settings = {"keep_values_up_to": 5}
    project.run(SCORED)

    reasons = {group.name: group.reasons for group in project.plan(SCORED).groups}
    assert reasons["score"] == [
        "give `metrics` a catalog entry: in memory only, and it is larger than 5 bytes"
    ]


def test_what_is_kept_is_of_the_same_code_parameters_and_data(project):
    nodes = [Node(total, ["raw", "params:size"], "metrics", name="score")]
    assert project.run(nodes) == ["total"]
    project.parameters = {"size": 2}
    assert project.run(nodes) == ["total"]
    assert project.returned["metrics"].load() == "one 2"
    (project.path / "data/raw.txt").write_text("two")
    assert project.run(nodes) == ["total"]
    assert project.returned["metrics"].load() == "two 2"
    (project.path / "data/raw.txt").write_text("one")
    project.parameters = {"size": 1}

    assert project.run(nodes) == []
    assert project.returned["metrics"].load() == "one 1"


def test_reasons_are_words(project):
    project.parameters = {"size": 1.0}
    project.entries["mid"]["fs_args"] = {"auto_mkdir": True}
    reasons = {group.name: group.reasons for group in project.plan().groups}

    assert "`params:size` 1 → 1.0" in reasons["total"]
    assert "`mid: fs_args` is new" in reasons["clean"]


def test_two_nodes_that_write_to_one_place_run_always(project):
    project.entries["other"] = text(project.path / "data/mid.txt")
    nodes = [*NODES, Node(total, ["raw", "params:size"], "other", name="more")]
    project.run(nodes)

    found = actions(project.plan(nodes))
    assert found["clean"] == found["more"] == "run"


def test_an_input_that_is_kept_in_memory_from_outside_always_runs(project):
    nodes = [Node(str.upper, "given", "out", name="up")]
    context = project.context()
    catalog = context._get_catalog()
    catalog["given"] = "text"

    [group] = (
        ops("skip_unchanged.run")
        .SkipRun.prepare(context, Pipeline(nodes), catalog)
        .plan.groups
    )
    assert "`given` is in memory, from outside" in group.reasons


def load(path, raw):
    note("load")
    return kedro.utils.load_obj(path)().fit(raw)


def test_code_that_a_parameter_names_is_part_of_the_recipe(project, monkeypatch):
    monkeypatch.syspath_prepend(project.path)
    model = "class Model:\n    def fit(self, data): return data + '{}'\n"
    (project.path / "named_models.py").write_text(model.format(1))
    project.parameters["path"] = "named_models.Model"
    nodes = [Node(load, ["params:path", "raw"], "out", name="load")]
    assert project.run(nodes) == ["load"]
    assert project.run(nodes) == []

    (project.path / "named_models.py").write_text(model.format(2))
    sys.modules.pop("named_models")
    [group] = project.plan(nodes).groups
    assert group.reasons == ["`named_models.py` changed"]


def test_a_table_without_a_fingerprint_is_not_called_missing(project):
    con = "sqlite:///:memory:"
    project.entries["orders"] = {
        "type": "pandas.SQLTableDataset",
        "table_name": "orders",
        "credentials": {"con": con},
    }
    reads = Node(len, "orders", "count", name="count")
    writes = Node(load, ["params:size", "raw"], "orders", name="fill")

    for node in (reads, writes):
        [group] = project.plan([node]).groups
        [why] = [each for each in group.reasons if "orders" in each]
        assert why == "`orders` has no fingerprint: it is a SQLTableDataset"


@pytest.fixture
def capsys(capsys, monkeypatch):
    """On a wide terminal, whatever other tests have set."""
    monkeypatch.setenv("COLUMNS", "200")
    return capsys


def test_the_table_says_the_reasons_of_nodes_that_run_together_once(project, capsys):
    del project.entries["mid"]
    project.settings = {"fingerprints": {"raw": "run"}}
    ops("skip_unchanged.plan_table").View(project.plan(SCORED), project.path, {}).show()
    said = capsys.readouterr().out

    assert said.count("the settings say run") == 1
    assert said.count("runs together with `clean`") == 2


def test_the_table_has_one_reason_for_a_node_and_says_once_what_to_do(project, capsys):
    table = {"type": "pandas.SQLTableDataset", "credentials": {"con": "sqlite://"}}
    project.entries |= {
        "orders": {**table, "table_name": "orders"},
        "paid": {**table, "table_name": "paid"},
    }
    (project.path / "data/out.txt").unlink()
    project.parameters = {"size": 2}
    sums = [
        Node(total, [name, "raw"], f"sum_{name}", name=name)
        for name in ("orders", "paid")
    ]
    plan = project.plan([*NODES, *sums])
    ops("skip_unchanged.plan_table").View(plan, project.path, {}).show()
    said = capsys.readouterr().out

    assert said.count("`orders` has no fingerprint") == 1
    assert said.count("skip_unchanged.fingerprints") == 1
    assert "output `out` is not there, and 1 more: --explain total" in said
    assert "params:size" not in said


def test_the_table_asks_once_for_the_catalog_entries_of_a_group(project, capsys):
    project.settings = {"keep_values_up_to": 0}
    nodes = [Node(pair, "raw", ["one", "other"], name="pair")]
    project.run(nodes)
    ops("skip_unchanged.plan_table").View(project.plan(nodes), project.path, {}).show()

    said = capsys.readouterr().out
    assert said.count("give `one`, `other` a catalog entry") == 1


class Hooks:
    @hook_impl
    def before_node_run(self, inputs):
        return {name: value for name, value in inputs.items() if CHANGED}


CHANGED = 1


def test_a_hook_that_changes_what_nodes_get_is_part_of_the_recipe(project, monkeypatch):
    plain = project.context

    def context():
        found = plain()
        found._hook_manager.register(Hooks())
        return found

    monkeypatch.setattr(project, "context", context)
    assert set(actions(project.plan()).values()) == {"run"}
    project.run()
    assert set(actions(project.plan()).values()) == {"skip"}
    monkeypatch.setattr(sys.modules[__name__], "CHANGED", 2)
    assert set(actions(project.plan()).values()) == {"run"}


# Nodes that share data in memory are one group, without cycles between groups.


def same(*given):
    return given


def grouped(nodes, memory):
    pipeline = Pipeline(
        [Node(same, inputs, outputs, name=name) for name, inputs, outputs in nodes]
    )
    return ops("skip_unchanged.plan").find_groups(pipeline, lambda name: name in memory)


def test_by_files_every_node_is_its_own_group():
    found = grouped([("a", "x", "y"), ("b", ["y", "params:p"], "z")], set())

    assert [group.name for group in found] == ["a", "b"]
    assert found[1].parents == {0}
    assert found[1].inputs == ["y"] and found[1].parameters == ["params:p"]


def test_in_memory_they_are_one():
    [group] = grouped([("a", "x", "y"), ("b", "y", "z")], {"y"})

    assert group.name == "a, b"
    assert (group.inputs, group.outputs, group.in_memory) == (["x"], ["z"], [])


def test_groups_that_need_each_other_are_one():
    nodes = [("a", "x", ["m", "f"]), ("b", "f", "g"), ("c", ["m", "g"], "z")]
    [group] = grouped(nodes, {"m"})

    assert [node.name for node in group.nodes] == ["a", "b", "c"]


def test_ways_to_read_a_dataset_are_one_dataset():
    found = grouped([("a", "x", "y@one"), ("b", "y@two", "z")], set())

    assert found[1].parents == {0}


def test_what_stays_in_memory_and_what_is_given():
    [group] = grouped([("a", "x", "y")], {"x", "y"})

    assert (group.given, group.in_memory) == (["x"], ["y"])


def test_long_chains_are_no_matter_of_depth():
    nodes = [(f"n{i}", f"d{i}", f"d{i + 1}") for i in range(3000)]

    assert len(grouped(nodes, set())) == 3000
    assert len(grouped(nodes, {f"d{i}" for i in range(1, 3000)})) == 1


def test_a_run_that_cannot_be_planned_claims_all_places(project, monkeypatch):
    """Else a run at the same time would take for its own what this one saves."""
    claimed = []
    monkeypatch.setattr(ops("skip_unchanged.run"), "Plan", lambda *_: 1 / 0)
    monkeypatch.setattr(
        ops("skip_unchanged.claims").RunMark,
        "begin",
        lambda self, places: claimed.extend(places),
    )

    assert project.run() == ["clean", "total"]
    assert claimed == ["*"]
