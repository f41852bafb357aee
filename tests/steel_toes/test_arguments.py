"""No argument of an entry lets a branch save to main's data: each is moved, known to be
harmless, or stops the run."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from kit import ops

paths = ops("steel_toes.paths")

KEYS = strategies.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
KNOWN = strategies.sampled_from(
    [
        *("filepath", "path", "filename", "table", "location", "checkpoint"),
        *("save_args", "load_args", "fs_args", "storage_options", "cache_storage"),
        *(
            "dataset",
            "meta",
            "metadata_filepath",
            "log_dir",
            "key",
            "backend",
            "schema",
        ),
        *("url", "database", "connection", "format", "type", "options", "template"),
    ]
)
PLACE = strategies.sampled_from(
    ["data/main", "data/main/", "data/main.csv", "s3://main/a", "/main/a", "./main/a"]
)


def nested(inner):
    named = strategies.dictionaries(KEYS | KNOWN, inner, min_size=1, max_size=3)
    return named | strategies.lists(inner, min_size=1, max_size=2)


ARGUMENTS = strategies.dictionaries(
    KEYS | KNOWN, strategies.recursive(PLACE, nested, max_leaves=6), max_size=4
)


def texts(value, address=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, (*address, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from texts(inner, (*address, number))
    else:
        yield address, value


def harmless(address):
    """The addresses at which a place is known to be none that a save writes to."""
    names = [part for part in address if isinstance(part, str)]
    return (
        {"credentials", "metadata", "connection"} & {*names}
        or names == ["url"]  # of the database that a table is in
        or ("load_args" in names and names[-1] in {"filepath", "path", "filename"})
        or address == ("type",)
    )


@settings(deadline=None, max_examples=500)
@given(ARGUMENTS)
def test_a_place_at_any_depth_is_moved_or_stops_the_run_or_is_harmless(arguments):
    entry = {"type": "my.Dataset", "filepath": "data/own.csv", **arguments}
    stopped = paths.unknown(entry)
    moved = dict(texts(paths.on_branch(entry, "dev")))

    for address, text in texts(entry):
        name = ".".join(part for part in address if isinstance(part, str))
        assert moved[address] != text or name in stopped or harmless(address), address


@pytest.mark.parametrize(
    "more",
    [
        {"metadata_filepath": "data/meta.json"},
        {"meta": {"dir": "meta"}},
        {"meta": [{"dir": "data/meta"}]},
        {"language": "en"},
        {"url": "s3://bucket/x"},
        {"save_args": {"log_dir": "logs"}},
        {"save_args": {"out": "data/x"}},
        {"save_args": {"out": "/x"}},
        {"load_args": {"lookup": "s3://bucket/x.csv"}},
        {"fs_args": {"logs": "../x"}},
        {"dataset": {"type": "text.TextDataset", "save_args": {"log_file": "x"}}},
    ],
)
def test_an_argument_that_may_name_a_place_stops_the_run_until_it_is_listed(more):
    entry = {"type": "my.Dataset", "filepath": "data/own.csv", **more}
    ((*address, text),) = [
        (*address, text)
        for address, text in texts(more)
        if text not in {"text.TextDataset"}
    ]
    name = ".".join(part for part in address if isinstance(part, str))

    assert paths.unknown(entry) == [name]
    assert paths.unknown(entry, keep=(name,)) == []
    assert paths.on_branch(entry, "dev", move=(name,)) != paths.on_branch(entry, "dev")
    assert paths.unknown(entry, move=("*",)) == []


@pytest.mark.parametrize(
    ("more", "moved"),
    [
        ({"save_args": {"checkpoint": "data/c"}}, {"checkpoint": "data/c_dev"}),
        ({"save_args": {"checkpointLocation": "c"}}, {"checkpointLocation": "c_dev"}),
        ({"save_args": {"path": "data/x"}}, {"path": "data/x_dev"}),
        ({"fs_args": {"cache_storage": "/tmp/c"}}, {"cache_storage": "/tmp/c_dev"}),
    ],
)
def test_places_in_arguments_that_are_passed_on_are_moved(more, moved):
    entry = {"type": "spark.SparkStreamingDataset", "filepath": "data/x.csv", **more}

    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev")[next(iter(more))] == moved


@pytest.mark.parametrize(
    "arguments",
    [
        {"sep": "/", "date_format": "%Y/%m/%d", "dateFormat": "MM/dd/yyyy"},
        {"timezone": "Europe/Berlin", "na_values": ["n/a", ""], "encoding": "utf-8"},
        {"mode": "overwrite", "partitionBy": ["year"], "dtype": {"a/b": "str"}},
        {"endpoint_url": "http://minio:9000", "content_type": "application/json"},
        {"profile": "dev", "compression": "snappy", "location": "EU", "index": False},
    ],
)
@pytest.mark.parametrize("where", ["load_args", "save_args", "fs_args"])
def test_the_usual_options_of_libraries_stop_nothing(where, arguments):
    entry = {"type": "pandas.CSVDataset", "filepath": "data/x.csv", where: arguments}

    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev")[where] == arguments


def test_a_layer_of_kedro_viz_beside_the_arguments_stops_nothing():
    entry = {"type": "pandas.CSVDataset", "filepath": "data/x.csv", "layer": "raw"}

    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev")["layer"] == "raw"


def test_what_a_load_reads_from_elsewhere_stays():
    schema = {"schema": {"filepath": "data/01_raw/schema.json"}}
    entry = {"type": "spark.SparkDataset", "filepath": "data/x", "load_args": schema}

    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev")["load_args"] == schema


@pytest.mark.parametrize("end", ["", "/"])
def test_a_place_inside_the_folder_of_an_entry_moves_with_it(end):
    entry = {
        "type": "partitions.IncrementalDataset",
        "path": f"/data/parts{end}",
        "dataset": "text.TextDataset",
        "checkpoint": {"type": "text.TextDataset", "filepath": "/data/parts/sub/CHECK"},
    }
    moved = paths.on_branch(entry, "dev")

    assert paths.unknown(entry) == []
    assert moved["path"] == f"/data/parts_dev{end}"
    assert moved["checkpoint"]["filepath"] == "/data/parts_dev/sub/CHECK"


def test_a_checkpoint_that_is_a_partition_s_name_stays():
    entry = {"type": "partitions.IncrementalDataset", "path": "a", "checkpoint": "2020"}

    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev")["checkpoint"] == "2020"


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "kedro_mlflow.io.metrics.MlflowMetricDataset", "key": "score"},
        {"type": "kedro_mlflow.io.models.MlflowModelTrackingDataset", "flavor": "x.y"},
    ],
)
def test_what_mlflow_keeps_by_run_is_left_alone_but_for_another_run(entry):
    assert paths.unknown(entry) == []
    assert paths.on_branch(entry, "dev") == entry
    assert "run_id" in paths.unknown({**entry, "run_id": "abc"})


def test_artefacts_and_models_of_mlflow_move_by_their_file():
    held = {"type": "pickle.PickleDataset", "filepath": "data/a.pkl"}
    entry = {"type": "kedro_mlflow.io.artifacts.MlflowArtifactDataset", "dataset": held}
    model = {"type": "kedro_mlflow.io.models.MlflowModelLocalFileSystemDataset"}
    model |= {"filepath": "data/model", "flavor": "mlflow.sklearn"}

    assert paths.unknown(entry) == paths.unknown(model) == []
    assert paths.on_branch(entry, "dev")["dataset"]["filepath"] == "data/a_dev.pkl"
    assert paths.on_branch(model, "dev")["filepath"] == "data/model_dev"


# Every dataset class of kedro_datasets, by its signature: an entry that has a text for
# each argument that can take one.

_IS_ENTRY = {"load_args", "save_args", "fs_args", "credentials", "metadata", "version"}
_NO_TEXT = {"bool", "int", "Session"}
EXAMPLES = {
    "filepath": "data/own.csv",
    "path": "data/own",
    "table": "own",
    "table_name": "own",
    "dataset": "text.TextDataset",
    "connection": {"backend": "duckdb", "database": "data/own.duckdb"},
    "redis_args": {"host": "localhost"},
    "kwargs": {"model": "gpt"},
    "url": "jdbc:postgresql://localhost/own",
    "location": "s3://bucket/own",
    "index_path": "data/own.index",
    "temppath": "/tmp/own",
    "client_settings": {"path": "data/own"},
    "schema": {"a": "string"},
    "checkpoint": {"filepath": "data/own/CHECKPOINT"},
    "data_files": {"train": "train.csv"},
}
# What a branch cannot have a copy of, and which argument says so.
STOPPED = {
    "ChromaDBDataset": ["collection_name", "client_type"],
    "EvaluationDataset": ["dataset_name", "sync_policy"],
    "FeastDataset": ["repo"],
    "MLRunAbstractDataset": ["key"],
    "MLRunDataframeDataset": ["key"],
    "PickleDataset": ["key"],  # that of redis
    "PolarsDatabaseDataset": ["sql"],
    "PromptDataset": ["prompt_name", "prompt_type", "sync_policy", "mode"],
    "StudyDataset": ["database", "study_name"],
    "TraceDataset": ["mode"],
    "WeaviateVectorStoreDataset": [
        "collection_name",
        "connection_type",
        "url",
        "connection_params",
    ],
}
MOVED = {"filepath", "path", "table", "table_name", "location", "index_path"}
MOVED |= {"temppath", "checkpoint", "client_settings"}


def signatures():
    """Module, name and arguments that may hold a text, of every class."""
    for package in ("kedro_datasets", "kedro_datasets_experimental"):
        folder = Path(find_spec(package).origin).parent
        for file in sorted(folder.rglob("*.py")):
            if "tests" in file.parts:
                continue
            for item in ast.parse(file.read_text(encoding="utf-8")).body:
                if not isinstance(item, ast.ClassDef):
                    continue
                for method in item.body:
                    if getattr(method, "name", "") == "__init__":
                        arguments = [*method.args.args[1:], *method.args.kwonlyargs]
                        if item.name.endswith("Dataset"):
                            yield file.parent.name, item.name, arguments


CLASSES = list(signatures())


def test_the_signatures_of_all_datasets_are_found():
    assert len(CLASSES) > 70


@pytest.mark.parametrize(
    ("module", "name", "arguments"), CLASSES, ids=[f"{m}.{n}" for m, n, _ in CLASSES]
)
def test_every_argument_of_every_dataset_is_moved_or_harmless_or_stops(
    module, name, arguments
):
    entry = {"type": f"{module}.{name}"}
    for argument in arguments:
        kind = ast.unparse(argument.annotation) if argument.annotation else "str"
        if argument.arg not in _IS_ENTRY and kind.split(" ")[0] not in _NO_TEXT:
            entry[argument.arg] = EXAMPLES.get(argument.arg, "a_word")
    moved, stopped = paths.on_branch(entry, "dev"), paths.unknown(entry)

    if paths.has_no_data(entry):
        assert moved == entry
    elif stopped:
        assert {each.partition(".")[0] for each in stopped} <= {*STOPPED[name]}
    else:
        changed = {key for key in entry if moved[key] != entry[key]}
        assert changed == MOVED & entry.keys() != set()
