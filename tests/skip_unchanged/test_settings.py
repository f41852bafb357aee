"""Settings of skipping, and what is asked for one run."""

import pytest
from kedro.pipeline import Node
from kit import ops

options = ops("skip_unchanged.settings")


def test_a_name_goes_before_a_pattern():
    settings = options.SkipUnchangedOptions(fingerprints={"a*": "run", "ab": "content"})

    assert settings.way("ab") == "content"
    assert settings.way("ac") == "run"
    assert settings.way("b") is None


def forced(text):
    nodes = [Node(len, "x", f"{name}_out", name=name, namespace="n") for name in "abc"]
    return options.forced_nodes(nodes, {"SKIP_UNCHANGED_FORCE": text})


def test_nodes_are_forced_by_name_or_all():
    assert forced("a, n.b") == {"n.a", "n.b"}
    assert forced("all") == {"n.a", "n.b", "n.c"}
    assert forced("") == set()


def test_a_name_that_no_node_has_is_refused():
    with pytest.raises(ops("core.errors").OpsError, match="'d'"):
        forced("a,d")
