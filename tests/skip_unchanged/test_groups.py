"""Nodes that share data in memory are one group, without cycles between groups."""

from kedro.pipeline import Node, Pipeline
from kit import ops


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
