"""Why an entry gives no dataset."""

import pytest
from kedro.io import AbstractDataset
from kit import ops

module = ops("preflight.dataset_types")


def explained(entry):
    with pytest.raises(Exception) as caught:
        AbstractDataset.from_config("x", entry)
    return module.explain(entry, caught.value)


def test_a_type_that_is_not_there_and_what_is_near():
    what, remedy = explained({"type": "text.TextDatset"})
    assert what == "there is no dataset type text.TextDatset"
    assert remedy == "did you mean text.TextDataset?"

    assert "TextDataset" in explained({"type": "text.Zzz"})[1]
    assert explained({"type": "nowhere.Zzz"})[1] == "mend the 'type' of the entry"


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

    assert what.startswith("its arguments do not fit: ")
    assert "flie" in what


def test_a_file_system_that_is_not_installed():
    what, remedy = module.explain({}, ImportError("Install s3fs to access S3"))

    assert (what, remedy) == ("Install s3fs to access S3", "install what it names")


def test_any_other_reason_is_told_in_one_line():
    entry = {"type": "CachedDataset", "dataset": {"type": "MemoryDataset"}}
    entry["dataset"]["versioned"] = True

    what, _ = explained(entry)

    assert what.startswith("it cannot be made: Cached datasets should specify")
    assert module.one_line(ValueError()) == "ValueError"
    assert module._chain({"dataset": "text.T"})[1] == {"type": "text.T"}
