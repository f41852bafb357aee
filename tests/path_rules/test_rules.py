"""One path rule: the entries that it is for, and what it changes in them."""

from types import SimpleNamespace

import pytest
from kit import PACKAGE, ops

path_rule = ops("path_rules.rules")
OpsError = ops("core.errors").OpsError


def rule(only=None, fill=str, **given):
    if only:
        given["only"] = path_rule.OnlyDatasets(**only)
    return path_rule.Rule.from_settings(1, path_rule.PathRule(**given), fill)


def moved(path, **given):
    entry, _ = rule(**given).apply({"type": "pandas.CSVDataset", "filepath": path})
    return entry["filepath"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://prod/a/prod/b.csv", "s3://dev/a/prod/b.csv"),
        ("s3a://prod/a.csv", "s3a://dev/a.csv"),
        ("s3n://prod", "s3n://dev"),
        ("gs://prod/{name}.csv", "gs://dev/{name}.csv"),
        ("gcs://prod/a.csv", "gcs://dev/a.csv"),
        ("az://prod/a.csv", "az://dev/a.csv"),
        ("abfs://prod/a.csv", "abfs://dev/a.csv"),
        ("abfss://prod@account/a.csv", "abfss://dev@account/a.csv"),
        ("wasbs://prod@account/a.csv", "wasbs://dev@account/a.csv"),
        ("simplecache::s3://prod/a.csv", "simplecache::s3://dev/a.csv"),
        ("zip://a.csv::s3://prod/a.zip", "zip://a.csv::s3://dev/a.zip"),
    ],
)
def test_a_bucket_becomes_another_and_the_rest_stays(path, expected):
    assert moved(path, bucket="prod", to="dev") == expected


@pytest.mark.parametrize(
    "path",
    ["s3://product/a.csv", "s3://my/prod/a.csv", "https://prod/a.csv", "prod/a.csv"],
)
def test_what_is_not_the_bucket_is_left_alone(path):
    assert moved(path, bucket="prod", to="dev") == path


def test_a_bucket_can_be_named_with_its_account():
    given = {"bucket": "raw@prod", "to": "raw@dev"}

    assert moved("abfs://raw@prod/a.csv", **given) == "abfs://raw@dev/a.csv"
    assert moved("abfs://raw@other/a.csv", **given) == "abfs://raw@other/a.csv"


def test_a_prefix_is_text_at_the_start_of_the_path():
    given = {"prefix": "data/", "to": "s3://b/"}

    assert moved("data/data/a.csv", **given) == "s3://b/data/a.csv"
    assert moved("/data/a.csv", **given) == "/data/a.csv"
    assert moved("a.b", prefix="a.", to=r"\1 and \\") == r"\1 and \\b"
    assert moved("axb", prefix="a.", to="c") == "axb"
    assert moved("data/a.csv", prefix="data/", to="") == "a.csv"


@pytest.mark.parametrize("prefix", ["data/", "./data/"])
@pytest.mark.parametrize("path", ["data/a.csv", "./data/a.csv", ".//./data/a.csv"])
def test_a_prefix_finds_a_path_however_it_is_written(prefix, path):
    assert moved(path, prefix=prefix, to="s3://b/") == "s3://b/a.csv"


def test_a_path_that_no_rule_finds_stays_as_it_is_written():
    assert moved("./other/a.csv", prefix="data/", to="d/") == "./other/a.csv"


@pytest.mark.parametrize(
    "more",
    [
        {"metadata_filepath": "data/meta.json"},
        {"meta": {"dir": "data/meta"}},
        {"save_args": {"checkpoint": "data/check"}},
    ],
)
def test_every_place_of_an_entry_with_two_is_changed(more):
    entry = {"type": "my.Dataset", "filepath": "data/own.csv", **more}

    changed, _ = rule(prefix="data/", to="prod/").apply(entry)

    assert "data/" not in str(changed)
    again, _ = rule(match="^data/(.*)$", to=r"prod/\1").apply(entry)
    assert again == changed


def test_a_match_is_replaced_once_with_what_its_groups_have_found():
    given = {"match": "^(.*)/raw/(.*)$", "to": r"\1/sample/\2"}

    assert moved("data/raw/{name}.csv", **given) == "data/sample/{name}.csv"
    assert moved("data/a.csv", **given) == "data/a.csv"
    assert moved("a/a", match="a", to="b") == "b/a"
    assert moved("x", match="(.*)", to=r"s3://b/\1") == "s3://b/x"
    assert moved("x", match="(?P<all>.+)", to=r"y/\g<all>") == "y/x"


def test_a_path_is_changed_at_any_depth_but_not_in_credentials_and_metadata():
    entry = {
        "type": "partitions.IncrementalDataset",
        "path": "data/parts",
        "dataset": {"type": "X", "load_args": {"schema": {"filepath": "data/s.json"}}},
        "checkpoint": {"filepath": "data/checkpoint"},
        "metadata": {"filepath": "data/x"},
        "credentials": {"path": "data/key"},
        "other": {"places": ["data/y"], "sep": "/", "date": "MM/dd/yyyy"},
    }

    changed, acts = rule(prefix="data/", to="d/").apply(entry)

    assert changed == {
        "type": "partitions.IncrementalDataset",
        "path": "d/parts",
        "dataset": {"type": "X", "load_args": {"schema": {"filepath": "d/s.json"}}},
        "checkpoint": {"filepath": "d/checkpoint"},
        "metadata": {"filepath": "data/x"},
        "credentials": {"path": "data/key"},
        "other": {"places": ["d/y"], "sep": "/", "date": "MM/dd/yyyy"},
    }
    assert acts[0] == "rule 1 {prefix: data/, to: d/}: data/parts -> d/parts"
    assert len(acts) == 4
    assert entry["path"] == "data/parts"


def test_the_location_of_an_external_table_is_a_path_and_a_region_is_none():
    external = {"type": "X", "table": "t", "location": "s3://EU/t"}

    assert rule(bucket="EU", to="US").apply(external)[0]["location"] == "s3://US/t"
    region = {"type": "X", "table": "t", "location": "EU"}
    assert rule(match="EU", to="US").apply(region) == (region, [])


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"table_name": "t", "load_args": {"schema": "prod"}},
            {"table_name": "t", "load_args": {"schema": "dev"}},
        ),
        (
            {"table_name": "prod", "save_args": {"schema": "prod", "method": "prod"}},
            {"table_name": "prod", "save_args": {"schema": "dev", "method": "prod"}},
        ),
        (
            {"table_name": "t", "database": "prod"},
            {"table_name": "t", "database": "dev"},
        ),
        (
            {"table_name": "t", "database": "lake.prod"},
            {"table_name": "t", "database": "lake.dev"},
        ),
        (
            {"table_name": "t", "load_args": {"database": ["lake", "prod"]}},
            {"table_name": "t", "load_args": {"database": ["lake", "dev"]}},
        ),
        (
            {"table_name": "t", "database": "DB", "schema": "prod"},
            {"table_name": "t", "database": "DB", "schema": "dev"},
        ),
        ({"dataset": "prod", "table_name": "t"}, {"dataset": "dev", "table_name": "t"}),
        ({"table": "prod.t"}, {"table": "dev.t"}),
        ({"table": "t.prod"}, {"table": "t.prod"}),
        (
            {"dataset": {"type": "X", "table_name": "t", "database": "prod"}},
            {"dataset": {"type": "X", "table_name": "t", "database": "dev"}},
        ),
    ],
)
def test_a_schema_is_changed_wherever_a_dataset_of_a_table_has_it(entry, expected):
    changed, acts = rule(schema="prod", to="dev").apply(entry)

    assert changed == expected
    assert len(acts) == (entry != expected)


@pytest.mark.parametrize(
    "entry",
    [
        {"table_name": "t", "schema": "production"},
        {"table_name": "t", "schema": {"fields": "prod"}},
        {"table_name": "t", "connection": {"database": "prod"}},
        {"table_name": "t", "credentials": {"schema": "prod"}},
        {"filepath": "a.parquet", "load_args": {"schema": "prod"}},
        {"path": "a", "dataset": "prod"},
    ],
)
def test_what_is_not_the_schema_of_a_table_is_left_alone(entry):
    assert rule(schema="prod", to="dev").apply(entry) == (entry, [])


CSV = {"type": "pandas.CSVDataset", "filepath": "a"}


@pytest.mark.parametrize(
    ("entry", "globs"),
    [
        (CSV, ["pandas.*"]),
        (CSV, ["kedro_datasets.pandas.CSVDataset"]),
        ({"type": "kedro_datasets.pandas.CSVDataset"}, ["pandas.*"]),
        ({"type": "kedro_datasets.pandas.CSVDataset"}, ["kedro_datasets.pandas.*"]),
        ({"type": "CachedDataset", "dataset": CSV}, ["pandas.*"]),
        ({"type": "CachedDataset", "dataset": CSV}, ["CachedDataset"]),
        (
            {"type": "partitions.Parts", "dataset": "pandas.CSVDataset"},
            ["x", "p*.CSV*"],
        ),
    ],
)
def test_a_type_is_known_with_and_without_its_package_and_inside(entry, globs):
    assert rule(prefix="a", to="b", only={"types": globs}).is_for("cars", entry)


def test_only_keeps_a_rule_from_other_entries():
    both = rule(
        prefix="a", to="b", only={"types": ["pandas.*"], "datasets": ["cars", "*_raw"]}
    )

    assert both.is_for("cars", CSV)
    assert both.is_for("bikes_raw", CSV)
    assert both.is_for("cars@pandas", CSV)
    assert not both.is_for("bikes", CSV)
    assert not both.is_for("cars", {"type": "polars.CSVDataset"})
    assert not both.is_for("cars", {})
    assert rule(prefix="a", to="b").is_for("anything", {})


def test_names_in_braces_are_filled_in_the_rule_and_not_in_the_entry():
    def fill(text):
        return text.replace("{user}", "ann")

    path = "data/{user}/{name}.csv"

    assert (
        moved(path, prefix="data/", to="{user}/", fill=fill) == "ann/{user}/{name}.csv"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": "x"}, "rule 1 {to: x}: write one of bucket, prefix, match, schema"),
        ({"prefix": "", "to": "x"}, "write one of"),
        (
            {"bucket": "a", "prefix": "b", "to": "c"},
            "bucket: a, prefix: b.*write one of",
        ),
        ({"bucket": "a"}, "rule 1 {bucket: a}: write one of.*'to'"),
        ({"match": "(a", "to": "b"}, "rule 1 .*expression is wrong.*unterminated"),
        ({"match": "a\n(", "to": "b"}, "rule 1 .*expression is wrong"),
        ({"match": "(a)", "to": r"\2"}, "expression is wrong.*group reference 2"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_one_line(given, said):
    with pytest.raises(OpsError, match=said) as caught:
        rule(**given)

    assert "\n" not in caught.value.message


def test_what_is_wrong_with_a_name_is_said_with_the_rule():
    def fill(text):
        raise OpsError("no such name")

    with pytest.raises(OpsError, match="rule 1 {prefix: a, to: b}: no such name"):
        rule(prefix="a", to="b", fill=fill)


# The names in braces

CI_VARIABLES = ["STEEL_TOES_BRANCH", "CI", *ops("core.git")._CI_SYSTEMS]


@pytest.fixture
def context(tmp_path, monkeypatch):
    for variable in CI_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LOGNAME", "ann")
    loader = SimpleNamespace(default_run_env="local")
    return SimpleNamespace(project_path=tmp_path, env="prod", config_loader=loader)


def test_each_name_stands_for_what_the_run_has(context, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "feat/x")

    filled = path_rule.fill_names("s3://b/{env}/{user}/{branch}/{project}/", context)

    assert filled == f"s3://b/prod/ann/{ops('core.git').slug('feat/x')}/{PACKAGE}/"


def test_without_an_environment_it_is_the_default_one(context):
    context.env = None
    assert path_rule.fill_names("{env}", context) == "local"

    context.config_loader = SimpleNamespace()
    assert path_rule.fill_names("{env}", context) == "local"


def test_the_branch_is_asked_for_only_where_it_is_used(context):
    (context.project_path / ".git").mkdir()
    (context.project_path / ".git" / "HEAD").write_text("0123456789abcdef\n")

    assert path_rule.fill_names("{env}", context) == "prod"
    with pytest.raises(OpsError, match="detached.*set STEEL_TOES_BRANCH"):
        path_rule.fill_names("{branch}", context)


@pytest.mark.parametrize("name", ["COMPANY\\ann", "ann/../bob", "..", "an{n}", "a b"])
def test_a_user_is_always_one_part_of_a_path(context, monkeypatch, name):
    monkeypatch.setenv("LOGNAME", name)

    user = path_rule.fill_names("{user}", context)

    assert not set(user) & set("\\/{} ")
    assert user not in ("", ".", "..")


@pytest.mark.parametrize("name", ["ann", "Ann_B", "ann.b-c"])
def test_a_plain_user_stays_as_it_is(context, monkeypatch, name):
    monkeypatch.setenv("LOGNAME", name)

    assert path_rule.fill_names("{user}", context) == name


def test_a_user_that_the_system_does_not_know_is_an_error_with_a_remedy(
    context, monkeypatch
):
    monkeypatch.setattr(path_rule, "user", lambda: "")

    assert path_rule.fill_names("{env}", context) == "prod"
    with pytest.raises(OpsError, match="{user}.*set the environment variable LOGNAME"):
        path_rule.fill_names("{user}", context)


@pytest.mark.parametrize("text", ["{usr}", "{name}", "{}", "{user", "user}", "{a{env}"])
def test_any_other_brace_is_an_error_that_lists_the_names(context, text):
    with pytest.raises(OpsError, match="{env}, {user}, {branch}, {project}"):
        path_rule.fill_names(text, context)


def test_a_backslash_in_a_value_is_no_reference_to_a_group(context):
    context.env = r"a\1"

    assert path_rule.fill_names(r"\1/{env}", context) == r"\1/a\\1"
