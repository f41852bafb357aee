"""The hook: rules change the places in a catalog's configuration."""

import logging

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.framework import project as kedro_project
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.pipeline import node, pipeline
from kit import PACKAGE, ops

path_rules = ops("path_rules.hook")
OpsError = ops("core.errors").OpsError


def text(filepath, **more):
    return {"type": "text.TextDataset", "filepath": filepath, **more}


def table(schema, name="cars"):
    args = {"schema": schema}
    return {"type": "pandas.SQLTableDataset", "table_name": name, "load_args": args}


class Project:
    """A project with a catalog and rules, to which the hook is applied."""

    def __init__(self, path):
        self.path = path
        self.context = None

    def write(self, rules, entries):
        for env in ("base", "local", "prod"):
            (self.path / "conf" / env).mkdir(parents=True, exist_ok=True)
        base = self.path / "conf" / "base"
        (base / "catalog.yml").write_text(yaml.safe_dump(entries))
        (base / "ops.yml").write_text(yaml.safe_dump({"path_rules": rules}))

    def load(self, env=None):
        conf = self.path / "conf"
        loader = OmegaConfigLoader(
            conf, env=env, base_env="base", default_run_env="local"
        )
        hooks = _create_hook_manager()
        hooks.register(path_rules.PathRules())
        self.context = KedroContext(self.path, loader, env, PACKAGE, hooks)
        self.fire()
        return self.entries

    def fire(self):
        self.context._hook_manager.hook.after_context_created(context=self.context)

    @property
    def entries(self):
        return self.context.config_loader["catalog"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setattr(kedro_project, "pipelines", {})
    return Project(tmp_path)


@pytest.fixture
def changed(project):
    def change(rules, entries):
        project.write(rules, entries)
        return project.load()

    return change


def test_rules_act_in_order_each_on_the_result_of_the_one_before(changed):
    rules = [
        {"prefix": "data/", "to": "s3://a/{user}/"},
        {"bucket": "a", "to": "b"},
        {"bucket": "b", "to": "c"},
    ]

    entries = changed(rules, {"cars": text("data/cars.txt"), "x": text("s3://b/x")})

    assert entries["cars"]["filepath"] == "s3://c/ann/cars.txt"
    assert entries["x"]["filepath"] == "s3://c/x"


@pytest.mark.parametrize("rules", [None, []])
def test_without_rules_the_catalog_is_not_even_read(project, rules):
    project.write(rules, {})
    (project.path / "conf" / "base" / "catalog.yml").write_text("no: [yaml")
    loader = OmegaConfigLoader(
        project.path / "conf", base_env="base", default_run_env="local"
    )
    context = KedroContext(project.path, loader, None, PACKAGE, _create_hook_manager())

    path_rules.PathRules().after_context_created(context=context)

    assert "catalog" not in loader
    assert path_rules.PathRules().explain(context, "cars") == []


def test_a_hook_that_fires_twice_does_not_chain_the_rules_again(project, changed):
    chain = [{"bucket": "b", "to": "c"}, {"bucket": "a", "to": "b"}]
    changed(chain, {"cars": text("s3://a/cars.txt")})

    wrapped = {"type": "branch.Wrapper", "dataset": project.entries["cars"]}
    project.context.config_loader["catalog"] = {"cars": wrapped}
    project.fire()

    assert project.entries["cars"]["dataset"]["filepath"] == "s3://b/cars.txt"


def test_the_paths_are_seen_as_they_are_written(project, changed):
    changed([{"prefix": "data/", "to": "other/"}], {"cars": text("data/cars.txt")})

    catalog = project.context.catalog  # here Kedro makes them absolute
    assert project.entries["cars"]["filepath"] == f"{project.path}/other/cars.txt"
    assert "cars" in catalog


def test_an_environment_has_rules_of_its_own(project, changed):
    changed([{"prefix": "data/", "to": "{env}/"}], {"cars": text("data/cars.txt")})
    assert project.entries["cars"]["filepath"] == "local/cars.txt"

    own = {"path_rules": [{"prefix": "data/", "to": "s3://{env}/"}]}
    (project.path / "conf" / "prod" / "ops.yml").write_text(yaml.safe_dump(own))

    assert project.load("prod")["cars"]["filepath"] == "s3://prod/cars.txt"


def test_a_pattern_is_changed_as_text_and_keeps_its_placeholders(project, changed):
    rules = [{"match": "^data/(.*)[.]txt$", "to": r"{user}/\1.text"}]

    changed(rules, {"{layer}.{name}": text("data/{layer}/{name}.txt")})

    assert project.entries["{layer}.{name}"]["filepath"] == "ann/{layer}/{name}.text"
    resolver = project.context.catalog.config_resolver
    assert resolver.resolve_pattern("raw.cars")["filepath"].endswith(
        "ann/raw/cars.text"
    )


def same(data):
    return data


@pytest.fixture
def registered(project, monkeypatch):
    nodes = [node(same, "cars_raw", "bikes"), node(same, "params:a_raw", "cars@text")]
    monkeypatch.setattr(kedro_project, "pipelines", {"a": pipeline(nodes)})


@pytest.mark.usefixtures("registered")
def test_only_looks_at_the_own_names_of_a_pattern_s_datasets(changed):
    rules = [{"prefix": "data/", "to": "d/", "only": {"datasets": ["*_raw"]}}]

    entries = changed(rules, {"{name}": text("data/{name}.txt", credentials="c")})

    assert entries == {
        "{name}": text("data/{name}.txt", credentials="c"),
        "cars_raw": text("d/cars_raw.txt", credentials="c"),
    }


@pytest.mark.usefixtures("registered")
def test_a_dataset_whose_pattern_is_changed_can_be_left_out_by_its_own_name(changed):
    rules = [{"prefix": "data/", "to": "d/", "only": {"datasets": ["*m*"]}}]

    entries = changed(rules, {"{name}": text("data/{name}.txt")})

    assert entries["{name}"]["filepath"] == "d/{name}.txt"  # "m" is in its text
    assert entries["cars_raw"]["filepath"] == "data/cars_raw.txt"


def test_a_name_that_a_rule_spells_out_needs_no_pipeline(changed):
    only = {"datasets": ["vans", "{name}", "b*", "elsewhere"]}
    rules = [{"prefix": "data/", "to": "d/", "only": only}]

    entries = changed(
        rules, {"{name}_x": text("data/{name}.txt"), "v{name}": text("data/v/{name}")}
    )

    assert entries["vans"]["filepath"] == "d/v/ans"
    assert entries.keys() == {"{name}_x", "v{name}", "vans"}


def test_an_entry_that_is_none_is_left_to_kedro_to_report(changed):
    only = {"datasets": ["cars"], "types": ["text.*"]}
    rules = [{"prefix": "data/", "to": "d/", "only": only}]

    assert changed(rules, {"{name}": "text"}) == {"{name}": "text"}


def test_a_pattern_is_matched_by_its_text(changed):
    rules = [{"prefix": "data/", "to": "d/", "only": {"datasets": ["*_raw"]}}]

    entries = changed(rules, {"{name}_raw": text("data/{name}.txt")})

    assert entries == {"{name}_raw": text("d/{name}.txt")}


def test_a_rule_that_matches_nothing_is_a_warning_with_its_number(
    project, changed, caplog
):
    rules = [
        {"prefix": "data/", "to": "data/"},  # matches, although it changes nothing
        {"bucket": "prod", "to": "dev"},
        {"prefix": "data/", "to": "d/", "only": {"datasets": ["bikes"]}},
    ]
    with caplog.at_level(logging.WARNING):
        changed(rules, {"cars": text("data/cars.txt"), "text": "no entry"})
        project.fire()

    assert [record.message for record in caplog.records] == [
        "ops.yml: path_rules, rule 2 {bucket: prod, to: dev} matches nothing in the "
        "catalog.",
        "ops.yml: path_rules, rule 3 {prefix: data/, to: d/} matches nothing in the "
        "catalog.",
    ]


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        ({"bucket": "a", "to": "b"}, text("s3://a/x"), text("s3://b/x")),
        ({"match": "[0-9]", "to": "n"}, text("data/1.txt"), text("data/2.txt")),
        ({"schema": "prod", "to": "dev"}, table("prod"), table("dev")),
        (
            {"prefix": "data/", "to": "d/"},
            {"type": "CachedDataset", "dataset": text("data/x")},
            text("./d/x"),
        ),
    ],
)
def test_two_datasets_in_one_place_stop_the_run_with_both_names(
    changed, rule, one, other
):
    with pytest.raises(OpsError, match="'one' and 'other' in one place .*rule 1") as e:
        changed([rule], {"one": one, "other": other})

    assert "\n" not in e.value.message


def test_datasets_that_shared_a_place_before_may_do_so(changed):
    rules = [{"prefix": "data/", "to": "d/"}, {"schema": "prod", "to": "dev"}]
    entries = {
        "cars@text": text("data/cars"),
        "cars@json": {"type": "json.JSONDataset", "filepath": "data/cars"},
        "orders": table("prod"),
        "the_same": table("prod"),
        "more": table("prod", "more"),
    }

    assert changed(rules, entries)["cars@json"]["filepath"] == "d/cars"


def test_rules_do_not_take_the_forms_of_a_dataset_apart(changed):
    rules = [{"prefix": "data/", "to": "d/", "only": {"types": ["text.*"]}}]
    entries = {
        "cars@json": {"type": "json.JSONDataset", "filepath": "data/cars"},
        "cars@text": text("data/cars"),
    }

    with pytest.raises(OpsError, match="'cars@json' and 'cars@text'.*in two places"):
        changed(rules, entries)


def test_what_the_rules_did_to_a_dataset_can_be_told(project, changed):
    rules = [{"prefix": "data/", "to": "s3://a/"}, {"bucket": "a", "to": "b"}]
    changed(
        rules,
        {"{name}": text("data/{name}"), "cars": text("data/cars"), "x": text("x")},
    )

    assert path_rules.PathRules().explain(project.context, "cars") == [
        "rule 1 {prefix: data/, to: s3://a/}: data/cars -> s3://a/cars",
        "rule 2 {bucket: a, to: b}: s3://a/cars -> s3://b/cars",
    ]
    assert path_rules.PathRules().explain(project.context, "bikes") == [
        "rule 1 {prefix: data/, to: s3://a/}: data/{name} -> s3://a/{name}",
        "rule 2 {bucket: a, to: b}: s3://a/{name} -> s3://b/{name}",
    ]
    assert path_rules.PathRules().explain(project.context, "x") == []


def test_a_dataset_that_no_entry_stands_for_has_nothing_to_tell(project, changed):
    changed([{"prefix": "data/", "to": "d/"}], {"cars": text("data/cars")})

    assert path_rules.PathRules().explain(project.context, "bikes") == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"bukcet": "a", "to": "b"}], "'path_rules.1.bukcet'.*Did you mean 'bucket'"),
        ([{"prefix": "a", "to": "b", "only": {"type": []}}], "only.type'.*'types'"),
        ([{"prefix": "a", "to": "b"}, "text"], "'path_rules.2' must be a mapping"),
        ({"prefix": "a"}, "'path_rules' must be a list"),
        ([{"prefix": "a", "to": "{usr}"}], "rule 1 .*'{usr}'.*{env}, {user}"),
    ],
)
def test_a_wrong_rule_is_one_line_and_changes_nothing(project, changed, rules, said):
    with pytest.raises(OpsError, match=said) as caught:
        changed(rules, {"cars": text("a")})

    assert "\n" not in caught.value.message
    assert project.entries == {"cars": text("a")}
