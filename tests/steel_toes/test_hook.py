"""The hook: a catalog is rewritten for the branch, and checked before a run."""

import logging
import os
import threading
from pathlib import Path

import pytest
from kedro.io import CachedDataset, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro_datasets.text import TextDataset
from kit import ops

catalogs = ops("steel_toes.catalog")
BranchedDataset = ops("steel_toes.dataset").BranchedDataset
ProtectedDataset = ops("steel_toes.dataset").ProtectedDataset
OpsError = ops("core.errors").OpsError


FILES = ("model.pkl", "trains.txt", "cached.txt")


def text(filepath, **more):
    return {"type": "text.TextDataset", "filepath": f"data/{filepath}", **more}


def test_a_run_writes_the_branch_s_copies_and_says_so(project, caplog):
    (project.path / "data" / "raw.txt").write_text("raw")
    (project.path / "data" / "mid.txt").write_text("wrong")
    entries = {
        "raw": text("raw.txt"),
        "mid": text("mid.txt"),
        "{name}_out": text("{name}.txt"),
        "cached": {"type": "CachedDataset", "dataset": text("cached.txt")},
    }
    catalog = project.catalog(entries)

    with caplog.at_level(logging.INFO):
        project.run(catalog, ("raw", "mid"), ("mid", "x_out"), ("x_out", "cached"))

    assert "branch 'dev', 4 datasets branched, 1 of them read from main" in caplog.text
    assert project.files() == [
        "cached_dev.txt",
        "mid.txt",
        "mid_dev.txt",
        "raw.txt",
        "x_dev.txt",
    ]
    assert (project.path / "data" / "x_dev.txt").read_text() == "raw"
    assert isinstance(catalog["cached"], CachedDataset)


@pytest.mark.parametrize("branch", ["feat/{x}", "{", "}", "{name}", "a{{b}}", "%s"])
def test_a_branch_s_name_is_no_part_of_a_pattern(project, monkeypatch, branch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", branch)
    catalog = project.catalog({"{name}_out": text("{name}.txt")})

    catalog["x_out"].save("new")

    assert catalog["x_out"].load() == "new"
    assert catalog["x_out"].branch == branch
    assert (project.path / "data" / "x.txt").exists() is False


@pytest.mark.parametrize("branch", ["main", "master"])
def test_on_the_trunk_the_catalog_is_left_as_it_is(project, monkeypatch, branch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", branch)
    catalog = project.catalog({"cars": text("cars.txt")})

    assert type(catalog["cars"]) is TextDataset
    project.run(catalog, ("params:a", "memory"))


def test_a_pull_request_from_a_branch_called_main_is_not_the_trunk(
    project, monkeypatch
):
    monkeypatch.delenv("STEEL_TOES_BRANCH")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_HEAD_REF", "main")
    catalog = project.catalog({"cars": text("cars.txt")})

    assert str(catalog["cars"]._filepath).endswith("cars_main.txt")


def test_it_is_switched_off_by_setting_or_variable(project, monkeypatch):
    entries = {"cars": text("cars.txt")}

    assert type(project.catalog(entries, enabled=False)["cars"]) is TextDataset
    monkeypatch.setenv("STEEL_TOES", "off")
    assert type(project.catalog(entries)["cars"]) is TextDataset


def test_an_unknown_branch_is_refused_with_the_way_to_run_without(project, monkeypatch):
    monkeypatch.delenv("STEEL_TOES_BRANCH")

    with pytest.raises(OpsError, match="branch is unknown.*STEEL_TOES=off"):
        project.catalog({"cars": text("cars.txt")})


def test_a_hook_that_fires_twice_changes_nothing(project):
    catalog = project.catalog({"cars": text("cars.txt")})
    project.hooks.hook.after_context_created(context=project.context)
    again = project.context.catalog

    assert str(again["cars"]._filepath) == str(catalog["cars"]._filepath)


def test_validators_and_metadata_stay_outside(project):
    project.catalog(
        {"cars": text("cars.txt", validator="a.B", metadata={"owner": "us"})}
    )
    entry = project.context.config_loader["catalog"]["cars"]

    assert entry["validator"] == "a.B"
    assert entry["metadata"] == {"owner": "us"}
    assert entry["dataset"].keys() == {"type", "filepath"}


def test_a_versioned_dataset_in_a_cache_stays_versioned(project):
    entry = {"type": "CachedDataset", "versioned": True, "dataset": text("a.txt")}
    catalog = project.catalog({"cars": entry})
    catalog.save("cars", "x")

    (version,) = (project.path / "data" / "a_dev.txt").iterdir()
    assert (version / "a_dev.txt").read_text() == "x"


def test_ignored_entries_keep_one_copy(project):
    entries = {
        "cars": text("cars.txt"),
        "bikes": text("bikes.txt"),
        "{name}_all": text("{name}.txt"),
        "model": {"type": "pickle.PickleDataset", "filepath": "data/model.pkl"},
    }
    ignore = {"names": ["c*", "trains_all"], "types": ["pickle.*"]}
    catalog = project.catalog(entries, ignore=ignore)
    names = ("cars", "bikes", "trains_all", "planes_all", "model")

    assert [str(catalog[name]._filepath).rpartition("/")[2] for name in names] == [
        "cars.txt",
        "bikes_dev.txt",
        "trains.txt",
        "planes_dev.txt",
        "model.pkl",
    ]


def test_a_save_to_main_s_data_is_named_in_each_run(project, caplog):
    entries = {
        "read": text("read.txt"),
        "model": {"type": "pickle.PickleDataset", "filepath": "data/model.pkl"},
        "{name}_all": text("{name}.txt"),
        "cached": {"type": "CachedDataset", "dataset": text("cached.txt")},
        "memory": {"type": "MemoryDataset"},
    }
    ignore = {"names": ["*_all", "cached", "memory", "read"], "types": ["pickle.*"]}
    catalog = project.catalog(entries, ignore=ignore)
    (project.path / "data" / "read.txt").write_text("x")
    outputs = ["model", "trains_all", "cached", "memory"]

    for _ in range(2):
        caplog.clear()
        project.run(catalog, *(("read", name) for name in outputs))
        (warning,) = [each for each in caplog.messages if "overwrites main" in each]
        data = project.path / "data"
        for name, file in zip(outputs, FILES, strict=False):
            assert f"'{name}' ({data}/{file})" in warning
        assert "'read'" not in warning
        assert "'memory'" not in warning


def test_memory_and_entries_that_kedro_will_refuse_are_left_alone(project):
    catalog = project.catalog({"memory": {"type": "MemoryDataset"}})
    assert type(catalog["memory"]) is MemoryDataset

    dev = catalogs.BranchSettings("dev", "dev")
    rewriter = catalogs.CatalogRewriter(dev, catalogs.SteelToesOptions())
    for entry in ("text", {"filepath": "a.csv"}):
        assert rewriter.rewrite("cars", entry) == entry


def test_an_entry_that_cannot_be_branched_is_named(project):
    with pytest.raises(OpsError, match="'cars'.*more than one file.*ignore.names"):
        project.catalog({"cars": text("*.txt")})


def test_all_entries_that_cannot_be_branched_are_in_one_list(project):
    entries = {
        "cars": text("*.txt"),
        "good": text("good.txt"),
        "bikes": text("bikes.txt", meta={"dir": "meta"}, log="data/log.txt"),
        "{x}_own": {"type": "my.Dataset", "where": "{x}"},
    }

    with pytest.raises(OpsError) as error:
        project.catalog(entries)

    lines = error.value.message.splitlines()
    assert lines[1:-1] == [
        "  'bikes': argument 'log', 'meta.dir'",
        "  'cars': 'data/*.txt' names more than one file",
        "  '{x}_own': argument 'where'",
    ]
    assert "steel_toes.arguments.move" in lines[-1]
    assert "overwrites main's data" in lines[-1]


class TwoPlacesDataset(TextDataset):
    """Saves to two places, as projects' own datasets do."""

    def __init__(self, *, filepath, metadata_filepath, language="", version=None):
        super().__init__(filepath=filepath, version=version)
        self.metadata_filepath = Path(metadata_filepath)
        self.language = language

    def save(self, data):
        super().save(data)
        self.metadata_filepath.write_text(self.language + data)


def test_an_entry_with_two_places_leaves_both_of_main(project, monkeypatch):
    monkeypatch.chdir(project.path)
    kind = f"{__name__}.TwoPlacesDataset"
    entries = {
        "cars": text(
            "cars.txt", type=kind, metadata_filepath="data/meta.txt", language="en"
        ),
        "{x}_p": text("{x}.txt", type=kind, metadata_filepath="data/{x}.meta"),
    }
    with pytest.raises(OpsError, match="argument 'language', 'metadata_filepath'"):
        project.catalog(entries)

    arguments = {"move": ["*_filepath"], "keep": ["language"]}
    catalog = project.catalog(entries, arguments=arguments)
    project.run(catalog, ("params:a", "x"), ("x", "y"))
    catalog["cars"].save("new")
    catalog["a_p"].save("new")

    files = ["a_dev.meta", "a_dev.txt", "cars_dev.txt", "meta_dev.txt"]
    assert project.files() == files
    assert (project.path / "data" / "meta_dev.txt").read_text() == "ennew"


def test_a_run_removes_what_killed_saves_have_left(project):
    left = project.path / "data" / f".{'0' * 32}"
    left.mkdir()
    (left / "cars_dev.txt").write_text("half")
    for each in (left / "cars_dev.txt", left):
        os.utime(each, (0, 0))
    (project.path / "data" / "raw.txt").write_text("x")

    catalog = project.catalog({"raw": text("raw.txt"), "cars": text("cars.txt")})
    project.run(catalog, ("raw", "cars"))

    assert project.files() == ["cars_dev.txt", "raw.txt"]


def test_a_second_place_that_another_dataset_has_stops_the_run(project, monkeypatch):
    monkeypatch.chdir(project.path)
    kind = f"{__name__}.TwoPlacesDataset"
    entries = {
        "cars": text("cars.txt", type=kind, metadata_filepath="data/meta.txt"),
        "other": text("meta_dev.txt"),
    }
    catalog = project.catalog(entries, arguments={"move": ["metadata_filepath"]})

    with pytest.raises(OpsError, match="'cars' would be where 'other' has its data"):
        project.run(catalog, ("params:a", "cars"))


def test_increments_keep_their_checkpoint_in_their_folder(project):
    folder = project.path / "data" / "parts"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    entry = {
        "type": "partitions.IncrementalDataset",
        "path": "data/parts",
        "dataset": "text.TextDataset",
        "filename_suffix": ".txt",
        "checkpoint": {"type": "text.TextDataset", "filepath": "data/parts/DONE"},
    }
    dataset = project.catalog({"parts": entry})["parts"]

    assert list(dataset.load()) == ["a"]
    dataset.confirm()
    assert project.context.catalog["parts"].load() == {}
    assert project.files() == ["a.txt"]
    assert (project.path / "data" / "parts_dev" / "DONE").read_text() == "a"


def test_a_file_that_ibis_reads_is_branched(project):
    entry = {
        "type": "ibis.FileDataset",
        "filepath": "data/cars.csv",
        "file_format": "csv",
        "connection": {"backend": "duckdb"},
    }
    catalog = project.catalog({"cars": entry, "out": text("out.txt")})
    (project.path / "data" / "cars.csv").write_text("a\n1\n")
    dataset = catalog["cars"]

    project.run(catalog, ("params:a", "x"), ("cars", "seen"))
    dataset.save(dataset.load())

    assert dataset.exists()
    assert project.files() == ["cars.csv", "cars_dev.csv"]
    saved = (project.path / "data" / "cars_dev.csv").as_posix()
    assert project.record("dev", "cars").location == f"file://{saved}"


@pytest.mark.parametrize("kind", ["ibis", "pandas"])
def test_a_connection_opened_before_the_run_is_not_left_to_its_workers(project, kind):
    sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)
    ibis = pytest.importorskip("kedro_datasets.ibis", exc_type=ImportError)
    file = project.path / "shop.sqlite"
    entries = {
        "ibis": {"type": "ibis.TableDataset"}
        | {"connection": {"backend": "sqlite", "database": str(file)}},
        "pandas": {"type": "pandas.SQLTableDataset"}
        | {"credentials": {"con": f"sqlite:///{file}"}},
    }
    catalog = project.catalog(
        {"cars": {**entries[kind], "table_name": "cars"}, "out": text("out.txt")}
    )

    def opened():
        return {*ibis.TableDataset._connections, *sql.SQLTableDataset.engines}

    before = opened()
    pipeline = Pipeline([node(lambda cars: "x", "cars", "out", name="out")])

    project.hooks.hook.before_pipeline_run(
        run_params={"run_id": "run-1", "project_path": project.path},
        pipeline=pipeline,
        catalog=catalog,
    )

    assert file.exists()
    assert opened() == before


def test_two_datasets_in_one_place_stop_the_run_with_both_names(project):
    catalog = project.catalog({"cars": text("a.txt"), "other": text("a_dev.txt")})

    with pytest.raises(OpsError, match="'cars' would be where 'other' has its data"):
        project.run(catalog, ("params:a", "cars"))


@pytest.mark.parametrize("end", ["", "/"])
def test_files_in_a_folder_that_is_read_as_a_whole_move_with_it(project, end):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    entries = {
        "read": text("read.txt"),
        "{x}_part": text("parts/{x}.txt"),
        "parts": {**parts, "path": f"data/parts{end}"},
    }
    catalog = project.catalog(entries)
    (project.path / "data" / "read.txt").write_text("of dev")
    (project.path / "data" / "parts").mkdir()
    for name in ("a", "b"):
        (project.path / "data" / "parts" / f"{name}.txt").write_text("of main")

    assert set(catalog["parts"].load()) == {"a.txt", "b.txt"}
    project.run(catalog, ("read", "a_part"))
    loaded = {name: load() for name, load in catalog["parts"].load().items()}

    assert loaded == {"a.txt": "of dev"}
    assert catalog["b_part"].load() == "of main"
    assert (project.path / "data" / "parts_dev" / "a.txt").read_text() == "of dev"
    assert project.files() == ["a.txt", "a.txt", "b.txt", "read.txt"]
    rows = ops("steel_toes.branches").list_branches(project.branches, True)
    assert [(row["branch"], row["datasets"]) for row in rows] == [("dev", 1)]
    record = project.record("dev", "a_part")
    assert ops("steel_toes.branches").clean(project.branches, [record])[0] is None
    assert project.files() == ["a.txt", "b.txt", "read.txt"]


def test_files_in_a_folder_that_is_not_branched_stop_the_run(project):
    parts = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    entries = {"a": text("parts/a.txt"), "parts": {**parts, "path": "data/parts"}}
    catalog = project.catalog(entries, ignore={"names": ["parts"]})

    with pytest.raises(OpsError, match="'a' would be where 'parts'.*another path") as e:
        project.run(catalog, ("params:a", "a"))

    assert "ignore" not in str(e.value)


def test_an_ignored_dataset_of_a_pattern_collides_with_nothing(project):
    catalog = project.catalog({"{x}_p": text("{x}.txt")}, ignore={"names": ["a_p"]})
    (project.path / "data" / "a.txt").write_text("x")
    project.run(catalog, ("a_p", "b_p"))

    assert project.files() == ["a.txt", "b_dev.txt"]


def test_a_dataset_that_cannot_be_made_is_left_to_the_runner_to_report(project):
    catalog = project.catalog({"cars": text("a.txt", nonsense=1), "b": text("b.txt")})

    with pytest.raises(Exception, match="nonsense"):
        project.run(catalog, ("cars", "b"))


def test_a_check_that_fails_stops_the_run_in_one_line(project):
    catalog = project.catalog({"cars": text("cars.txt")})
    os.symlink("loop", catalog["cars"].target._filepath)
    os.symlink("loop", project.path / "data" / "loop")

    with pytest.raises(OpsError, match="exists check.*'cars'.*symbolic links") as error:
        project.run(catalog, ("cars", "memory"))
    assert "\n" not in error.value.message


def test_only_buckets_are_asked_from_many_threads(project):
    table = {"type": "ibis.TableDataset", "table_name": "t"}
    entries = {
        "file": text("cars.txt"),
        "table": {**table, "connection": {"backend": "duckdb"}},
        "bucket": {"type": "text.TextDataset", "filepath": "memory://b/cars.txt"},
    }
    catalog = project.catalog(entries)

    answers = ops("steel_toes.checks").ask(
        lambda dataset: (dataset.name, threading.get_ident()),
        [catalog[name] for name in entries],
    )

    assert [name for name, _ in answers] == [*entries]
    here = threading.get_ident()
    assert [thread == here for _, thread in answers] == [True, True, False]


def test_leftovers_are_looked_for_on_this_machine_only(project):
    bucket = {"type": "text.TextDataset", "filepath": "memory://data/cars.txt"}
    catalog = project.catalog({"file": text("cars.txt"), "bucket": bucket})

    found = ops("steel_toes.checks")._local_paths([catalog["file"], catalog["bucket"]])

    assert [path.rpartition("/")[2] for path in found] == ["cars_dev.txt"]


def test_a_protected_trunk_is_refused_before_the_run_and_allowed_in_ci(
    project, monkeypatch
):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "main")
    entries = {"cars": text("cars.txt"), "bikes": text("bikes.txt")}
    catalog = project.catalog(entries, protect_trunk=True)
    (project.path / "data" / "cars.txt").write_text("x")

    assert issubclass(type(catalog["cars"]), ProtectedDataset)
    with pytest.raises(OpsError, match="'bikes' is not saved.*git switch -c"):
        project.run(catalog, ("cars", "bikes"))
    project.run(catalog, ("cars", "memory"))
    assert project.files() == ["cars.txt"]

    monkeypatch.setenv("CI", "true")
    project.run(project.catalog(entries, protect_trunk=True), ("cars", "bikes"))
    assert project.files() == ["bikes.txt", "cars.txt"]
