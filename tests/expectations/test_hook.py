"""The gate: what is not as expected is not saved, and the verdict comes last."""

import pytest
from kedro.framework.hooks import hook_impl
from kedro.pipeline import node
from kit import ops

from .expectations_project import BAD, GOOD, IDS, KINDS, csv

pytest_plugins = ["expectations.expectations_project"]

expectations = ops("expectations.hook")
FailedChecks = ops("expectations.validator").FailedChecks
OpsError = ops("core.errors").OpsError


def test_bad_data_are_not_saved(gated):
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")})
    gated.save(catalog, "cars", GOOD)
    good = (gated.path / "data" / "cars.csv").read_bytes()

    with pytest.raises(FailedChecks) as caught:
        gated.save(gated.load({"cars": csv("cars")}), "cars", BAD)
    assert (gated.path / "data" / "cars.csv").read_bytes() == good
    assert str(caught.value) == (
        "'cars' is not saved: 1 check failed.\n"
        "  cars: expect_column_values_to_not_be_null(column='id') failed for 1 of 3 rows, "
        "such as nan [conf/base/expectations/cars.yml, line 2]"
    )


def test_a_warning_is_told_and_the_data_are_saved(gated, caplog):
    gated.suite("cars", KINDS)
    gated.save(gated.load({"cars": csv("cars")}), "cars", BAD)

    assert gated.has("cars.csv")
    assert any("value_set=['a', 'b']) failed" in line for line in caplog.messages)


def test_bad_data_are_not_used(gated):
    BAD.to_csv(gated.path / "data" / "cars.csv", index=False)
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": csv("cars")}, attach={"cars": {"when": ["load"]}})

    with pytest.raises(FailedChecks, match="'cars' is not loaded"):
        gated.run(catalog, node(len, "cars", "number", name="len"))


def test_data_that_are_no_table_are_refused_in_one_line(gated):
    gated.suite("cars", IDS)
    entry = {"type": "MemoryDataset"}
    catalog = gated.load({"cars": entry})

    with pytest.raises(
        FailedChecks, match="'cars' is not saved: cars: a str is not a table"
    ):
        gated.save(catalog, "cars", "text")


def test_each_chunk_of_a_generator_is_checked(gated):
    def chunks():
        yield GOOD
        yield BAD

    gated.suite("cars", IDS)
    entry = csv("cars", save_args={"mode": "a", "header": False, "index": False})
    catalog = gated.load({"cars": entry}, atomic_outputs=True)

    with pytest.raises(FailedChecks):
        gated.run(catalog, node(chunks, None, "cars", name="chunks"))
    assert len((gated.path / "data" / "cars.csv").read_text().splitlines()) == 3


PARTS = {
    "type": "partitions.PartitionedDataset",
    "path": "data/cars",
    "dataset": "pandas.CSVDataset",
    "filename_suffix": ".csv",
}


def test_each_partition_is_checked(gated):
    gated.suite("cars", IDS)

    with pytest.raises(
        FailedChecks, match="cars/b: expect_column_values_to_not_be_null"
    ):
        gated.save(gated.load({"cars": PARTS}), "cars", {"a": GOOD, "b": BAD})
    assert not gated.has("cars")

    # Partitions that are made one by one are checked one by one.
    lazy = {"a": lambda: GOOD, "b": lambda: BAD}
    with pytest.raises(
        FailedChecks, match="cars/b: expect_column_values_to_not_be_null"
    ):
        gated.save(gated.load({"cars": PARTS}), "cars", lazy)
    assert gated.has("cars/a.csv")
    assert not gated.has("cars/b.csv")


def test_partitions_are_checked_when_they_are_loaded(gated):
    (gated.path / "data" / "cars").mkdir()
    GOOD.to_csv(gated.path / "data" / "cars" / "a.csv", index=False)
    BAD.to_csv(gated.path / "data" / "cars" / "b.csv", index=False)
    gated.suite("cars", IDS)
    catalog = gated.load({"cars": PARTS}, attach={"cars": {"when": ["load"]}})

    gated.run(catalog, node(lambda parts: len(parts["a"]()), "cars", "n", name="a"))
    with pytest.raises(FailedChecks, match="cars/b"):
        gated.run(catalog, node(lambda parts: len(parts["b"]()), "cars", "m", name="b"))


def two(first, second):
    return node(lambda: (first, second), None, ["cars", "bikes"], name="two")


def test_the_good_sibling_of_a_refused_output_is_saved_unless_they_are_atomic(gated):
    gated.suite("bikes", IDS)
    entries = {"cars": csv("cars"), "bikes": csv("bikes")}

    with pytest.raises(
        FailedChecks, match="No output of node 'two' is saved: .*\n.* bikes: expect"
    ):
        gated.run(gated.load(entries, atomic_outputs=True), two(GOOD, BAD))
    assert not gated.has("cars.csv")
    with pytest.raises(FailedChecks, match="'bikes' is not saved"):
        gated.run(gated.load(entries), two(GOOD, BAD))
    assert gated.has("cars.csv")
    assert not gated.has("bikes.csv")
    gated.run(gated.load(entries, atomic_outputs=True), two(GOOD, GOOD))
    assert gated.has("bikes.csv")


class Last:
    """A team's hook that acts after a run."""

    def __init__(self, error=None):
        self.called, self.error = 0, error

    @hook_impl
    def after_pipeline_run(self):
        self.called += 1
        if self.error:
            raise self.error


def end(gated):
    gated.suite("cars", IDS)
    return gated.load({"cars": csv("cars")}, attach={"cars": {"when": ["end"]}})


@pytest.mark.parametrize("first", [True, False])
def test_the_verdict_on_what_was_saved_comes_after_all_hooks(gated, first):
    last = Last()
    gated.hooks.register(last)
    if first:  # the register has the hook registered last, so that it is called first
        gated.hooks.unregister(gated.hook)
        gated.hooks.register(gated.hook)

    with pytest.raises(
        FailedChecks, match="The data is already saved, but do not use it: "
    ):
        gated.save(end(gated), "cars", BAD)
    assert gated.has("cars.csv")
    assert last.called == 1
    gated.save(end(gated), "cars", GOOD)
    assert last.called == 2


def test_the_error_of_another_hook_is_not_hidden(gated):
    gated.hooks.register(Last(ValueError("mine")))

    with pytest.raises(ValueError, match="mine"):
        gated.save(end(gated), "cars", BAD)
