"""Settings of skipping, and what is asked for one run."""

import pytest
from kit import ops

options = ops("skip_unchanged.settings")


def test_a_name_goes_before_a_pattern():
    settings = options.SkipUnchangedOptions(fingerprints={"a*": "run", "ab": "content"})

    assert settings.way("ab") == "content"
    assert settings.way("ac") == "run"
    assert settings.way("b") is None


def test_nodes_are_forced_by_name_or_all():
    forced = options.Forced.from_environment({"SKIP_UNCHANGED_FORCE": "a, b"})

    assert forced.has("a", "x") and forced.has("x", "b") and not forced.has("c", "c")
    assert options.Forced.from_environment({"SKIP_UNCHANGED_FORCE": "all"}).has(
        "c", "c"
    )
    assert not options.Forced.from_environment({}).has("c", "c")


def test_a_name_that_no_node_has_is_refused():
    with pytest.raises(ops("core.errors").OpsError, match="'c'"):
        options.Forced(frozenset({"a", "c"})).refuse_unknown({"a", "b"})
