"""The graph of a run as the page has it."""

from kit import ops

from .some_runs import nodes, run, runs, wide

page_graph = ops("run_status.graph")
NODE, DATASET, NAMESPACE = (
    page_graph.NODE,
    page_graph.DATASET,
    page_graph.NAMESPACE,
)


def data(steps=None):
    return page_graph.Graph.of(run(steps=steps)).data()


def names(graph, view, kind):
    shown = graph["views"][view]
    found = [
        ref
        for ref, each in zip(shown["refs"], shown["kinds"], strict=False)
        if each == kind
    ]
    if kind == NODE:
        return [graph["nodes"][ref][0] for ref in found]
    return [graph["datasets"][ref] for ref in found] if kind == DATASET else found


def test_nodes_and_datasets_are_drawn_and_parameters_are_not():
    graph = data()

    assert names(graph, "", NODE) == ["clean", "split", "fit", "score"]
    drawn = ["table", "raw", "train", "test", "model", "metrics"]
    assert sorted(names(graph, "", DATASET)) == sorted(drawn)
    assert len(graph["views"][""]["points"]) >= 2 * 10


def test_the_forms_of_a_transcoded_dataset_are_one_box():
    steps = nodes({"make": ([], ["cars@pandas"]), "use": (["cars@spark"], ["out"])})
    graph = data(steps)

    assert names(graph, "", DATASET) == ["cars@pandas", "out"]
    assert set(graph["datasets"]) == {"cars@pandas", "cars@spark", "out"}
    lines = graph["views"][""]["lines"]
    assert sorted(zip(lines[::2], lines[1::2], strict=False)) == [
        (0, 2),
        (1, 3),
        (2, 1),
    ]


def test_few_nodes_are_one_drawing_whatever_their_namespaces():
    graph = data(wide(150, spaces=5))

    assert list(graph["views"]) == [""]
    assert len(names(graph, "", NODE)) == 150


def test_of_many_nodes_each_namespace_is_a_box_that_opens():
    graph = data(wide(400, spaces=5))

    spaces = [f"area_{i}" for i in range(5)]
    assert names(graph, "", NAMESPACE)[:5] == spaces
    assert set(graph["views"]) == {"", *spaces, *names(graph, "", NAMESPACE)}
    assert "area_2.make_200" in names(graph, "area_2", NODE)
    inside = [node for view in graph["views"] for node in names(graph, view, NODE)]
    assert sorted(inside) == sorted(f"{n[0]}" for n in graph["nodes"])


def test_namespaces_in_namespaces_open_one_after_the_other():
    deep = wide(500)
    for number, node in enumerate(deep):
        node.namespace = f"all.half_{number % 2}.part_{number % 10}"
    graph = data(deep)

    assert names(graph, "", NAMESPACE) == ["all.half_0", "all.half_1"]
    inner = [f"all.half_1.part_{number}" for number in (1, 3, 5, 7, 9)]
    assert names(graph, "all.half_1", NAMESPACE) == inner
    assert len(names(graph, inner[0], NODE)) == 50


def test_a_namespace_of_one_node_is_that_node():
    many = wide(250)
    many[0].namespace = "alone"
    graph = data(many)

    assert names(graph, "", NAMESPACE) == []
    assert len(names(graph, "", NODE)) == 250


def test_many_nodes_without_namespaces_are_all_drawn():
    assert len(names(data(wide(300)), "", NODE)) == 300


def test_runs_with_the_same_nodes_share_a_key():
    one, other = (page_graph.Graph.of(run(key)) for key in ("a", "b"))
    changed = run("c")
    changed.nodes["fit"].tags = ["weekly"]

    assert one.key == other.key
    assert one.key != page_graph.Graph.of(changed).key


def test_wide_letters_have_wide_boxes():
    steps = [runs.Node("漢字漢字", [], ["a"]), runs.Node("abcd", ["a"], ["b"])]
    chinese, latin, *_ = data(steps)["views"][""]["widths"]

    assert chinese > latin


def test_a_run_without_nodes_has_a_graph():
    graph = page_graph.Graph.of(runs.Run("key", "id")).data()

    assert graph["nodes"] == []
    assert graph["views"][""]["size"] == [0, 0]
