"""What can be wrong with a catalog."""

import pytest
from kedro.framework import project
from kedro.io import AbstractDataset
from kit import ops

from .planned import pipeline, text

pytest_plugins = ["preflight.planned"]
module = ops("preflight.catalog")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The registered pipelines, which a test may change."""
    pipelines = {"__default__": pipeline()}
    monkeypatch.setattr(project, "pipelines", pipelines)
    return pipelines


def found(run):
    return [(each.subject, each.message) for each in module.check(run)]


def test_nothing_is_wrong_with_a_sound_catalog(planner):
    run = planner.run({"a": text("a"), "b": text("b")}, ("a", "b"), ("params:a", "c"))

    assert found(run) == []


def test_an_entry_that_gives_no_dataset(planner):
    [(subject, what)] = found(planner.run({"a": text("a", x=1)}, ("a", "b")))

    assert subject == "a"
    assert "its arguments are wrong" in what


def test_inputs_and_parameters_that_nothing_gives(planner):
    run = planner.run(
        {"cars": text("a")}, ("carz", "b"), ("none", "c"), ("params:b.c", "d")
    )

    problems = {each.subject: each for each in module.check(run)}

    assert problems["carz"].remedy == "did you mean 'cars'?"
    assert problems["none"].remedy.startswith("add it to the catalog")
    assert problems["params:b.c"].place == "node to_d"


def test_a_catch_all_pattern_gives_no_parameters(planner):
    run = planner.run({"{any}": text("{any}")}, ("params:b", "d"))

    assert [subject for subject, _ in found(run)] == ["params:b"]


def test_validators_are_resolved(planner):
    entries = {
        "a": text("a", validator="nowhere.check"),
        "b": text("b", validator={"class": "nowhere.check", "enabled": False}),
        "c": text("c", validator="math.sqrt"),
    }
    run = planner.run(entries, ("a", "b"), ("a", "c"))
    [(subject, what)] = found(run)
    assert (subject, "nowhere" in what) == ("a", True)

    run.catalog.validation_enabled = False
    assert found(run) == []


def test_a_typo_is_a_warning_if_nobody_uses_the_entry(planner, registered):
    run = planner.run({"companies": text("a")}, ("params:a", "companeis"))
    [problem] = module.check(run)
    assert (problem.subject, problem.level) == ("companeis", "warning")

    registered["__default__"] = pipeline(("companies", "x"))
    assert found(run) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("companies", "compnies", True),
        ("compnies", "companies", True),
        ("companies", "compnaies", True),
        ("companies", "compamies", True),
        ("raw_companies", "raw_compnies", True),
        ("companies", "companies", False),
        ("x_train", "y_train", False),
        ("model_1", "model_2", False),
        ("train", "model", False),
        ("car", "cars", False),
        ("a_companies", "b_compnies", False),
        ("companies", "raw_companies", False),
        ("abcdefg", "bbcdefh", False),
        ("some1", "some_", False),
    ],
)
def test_what_is_a_typo(one, other, expected):
    assert module.is_typo(one, other) is expected


def test_entries_that_kedro_cannot_make_a_catalog_with(planner):
    context = planner.context(
        {
            "fine": text("a", credentials="team"),
            "list": ["x"],
            "typeless": {"filepath": "x"},
            "poor": text("a", credentials="taem"),
            "poorer": {"type": "x", "dataset": text("a", credentials="zzz")},
            "odd": text("a", validator=["x"]),
        },
        credentials={"team": {"key": "a"}},
    )

    problems = module.broken_entries(context)

    assert sorted(problems) == ["list", "odd", "poor", "poorer", "typeless"]
    assert problems["poor"].remedy.startswith("did you mean 'team'?")
    assert problems["odd"].message.startswith("has an invalid 'validator': list form")
    assert problems["list"].place.startswith("conf/base/catalog.yml:")


def test_without_a_catalog_nothing_is_broken(planner):
    context = planner.context({})
    (planner.path / "conf" / "base" / "catalog.yml").unlink()

    assert module.broken_entries(context) == {}


def explained(entry):
    with pytest.raises(Exception) as caught:
        AbstractDataset.from_config("x", entry)
    return module.explain(entry, caught.value)


def test_a_type_that_is_not_there_and_what_is_near():
    what, remedy = explained({"type": "text.TextDatset"})
    assert what == "the dataset type text.TextDatset does not exist"
    assert remedy == "did you mean text.TextDataset?"

    assert "TextDataset" in explained({"type": "text.Zzz"})[1]
    assert explained({"type": "nowhere.Zzz"})[1] == "fix the 'type' of the entry"


def test_a_module_that_is_missing_and_what_brings_it(tmp_path, monkeypatch):
    (tmp_path / "ours.py").write_text(
        "import no_such_module_here\nclass OurDataset: pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    what, remedy = explained({"type": "ours.OurDataset"})

    assert what == (
        "its type ours.OurDataset needs 'no_such_module_here', which is not installed"
    )
    assert remedy == "pip install no_such_module_here"


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("pandas.CSVDataset", '"kedro-datasets[pandas-csvdataset]"'),
        ("kedro_datasets.pandas.CSVDataset", '"kedro-datasets[pandas-csvdataset]"'),
        ("pandas.NewDataset", '"kedro-datasets[pandas]"'),
        ("ours.OurDataset", "numpy"),
    ],
)
def test_the_extra_of_a_type(written, remedy):
    assert module._requirement(written, "numpy.linalg") == remedy


def test_where_kedro_datasets_is_not_installed(monkeypatch):
    monkeypatch.setattr(module, "_installed", lambda name: False)

    assert module._missing_module("pandas.NoDataset") == "kedro_datasets"
    assert module._requirement("pandas.CSVDataset", "kedro_datasets") == (
        '"kedro-datasets[pandas-csvdataset]"'
    )


def test_what_is_installed():
    assert module._installed("kedro")
    assert not module._installed("no-such-thing")


def test_arguments_that_do_not_fit():
    what, _ = explained({"type": "text.TextDataset", "filepath": "x", "flie": 1})

    assert what.startswith("its arguments are wrong: ")
    assert "flie" in what


def test_a_file_system_that_is_not_installed():
    what, remedy = module.explain({}, ImportError("Install s3fs to access S3"))

    assert (what, remedy) == ("Install s3fs to access S3", "install what it names")


def test_any_other_reason_is_told_in_one_line():
    entry = {"type": "CachedDataset", "dataset": {"type": "MemoryDataset"}}
    entry["dataset"]["versioned"] = True

    what, _ = explained(entry)

    assert what.startswith("cannot be created: Cached datasets should specify")
    assert module.one_line(ValueError()) == "ValueError"
    assert [*module._types({"type": "a", "dataset": "text.T"})] == ["a", "text.T"]
