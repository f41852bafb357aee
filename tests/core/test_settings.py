"""``ops.yml``: read by environment, and checked."""

import pytest
from attrs import define, field
from kedro.config import OmegaConfigLoader
from kit import ops

options = ops("core.settings")
OpsError = ops("core.errors").OpsError


@define
class Inner:
    names: list[str] = field(factory=list)
    types: list[str] = field(factory=list)


class Sample:
    enabled: bool = True
    stages: list[str] = field(factory=lambda: ["a", "b"])
    inner: Inner = field(factory=Inner)


class Item:
    size: int = 0


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "_SECTIONS", {})
    monkeypatch.setattr(options, "_LISTS", set())
    one = options.settings_section("sample")(Sample)
    many = options.settings_section("items", many=True)(Item)

    def reader(base, prod="", cls=Sample):
        for environment, text in (("base", base), ("prod", prod), ("local", "")):
            (tmp_path / environment).mkdir(exist_ok=True)
            if text:
                (tmp_path / environment / "ops.yml").write_text(text)
        loader = OmegaConfigLoader(
            tmp_path, env="prod", base_env="base", default_run_env="local"
        )
        if cls is Item:
            return options.read_settings_list(loader, many)
        return options.read_settings(loader, one)

    return reader


def test_without_a_file_the_defaults_hold(read):
    settings = read("")

    assert settings.enabled
    assert settings.stages == ["a", "b"]
    assert read("", cls=Item) == []


def test_an_environment_changes_one_setting_and_leaves_its_siblings_alone(read):
    settings = read(
        "sample: {stages: [c], inner: {names: [a], types: [b]}}",
        "sample: {inner: {names: [c]}}",
    )

    assert settings.stages == ["c"]
    assert settings.inner.names == ["c"]
    assert settings.inner.types == ["b"]


def test_a_list_of_settings_is_replaced_as_a_whole_by_an_environment(read):
    base = "items: [{size: 1}, {size: 2}]"

    assert [item.size for item in read(base, cls=Item)] == [1, 2]
    assert [item.size for item in read(base, "items: [{size: 3}]", cls=Item)] == [3]
    assert read(base, "items: []", cls=Item) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sampel: {}", "'sampel' does not exist. Did you mean 'sample'"),
        ("zzz: {}", "'zzz' does not exist. Use one of .*sample"),
        ("sample: {enabld: true}", "'sample.enabld'.*mean 'enabled'"),
        ("sample: {inner: {name: []}}", "'sample.inner.name'.*mean 'names'"),
        ("sample: {enabled: maybe}", "'sample.enabled' has a wrong value"),
        ("sample: {stages: main}", "'sample.stages' has a wrong value"),
        ("sample: {stages: {a: 1}}", "'sample' has a wrong value"),
        ("sample: {inner: 3}", "'sample.*' has a wrong value"),
        ("sample: on", "'sample' must be a mapping, not True"),
        ("items: {}", "'items' must be a list, not {}"),
        ("items: [{size: 1}, text]", "'items.2' must be a mapping, not 'text'"),
        ("items: [{size: 1}, {siz: 2}]", "'items.2.siz' does not exist.*mean 'size'"),
        ("items: [{size: big}]", "'items.1.size' has a wrong value"),
    ],
)
def test_a_mistake_is_one_line_with_the_key(read, text, said):
    with pytest.raises(OpsError, match=said) as caught:
        read(text, cls=Item if text.startswith("items: [") else Sample)

    assert "\n" not in caught.value.message


def store(tmp_path, text):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "ops.yml").write_text(text)
    loader = OmegaConfigLoader(tmp_path, base_env="base", default_run_env="base")
    return options.read_store(loader, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {"url": "PROJECT/data/.ops"}),
        ("store: records", {"url": "PROJECT/records"}),
        ("store: /shared/records", {"url": "/shared/records"}),
        ("store: s3://bucket/records", {"url": "s3://bucket/records"}),
        (
            "store: {url: 's3://b/r', credentials: team}",
            {"url": "s3://b/r", "credentials": "team"},
        ),
    ],
)
def test_the_store_is_a_folder_of_the_project_or_a_url(tmp_path, text, expected):
    found = store(tmp_path, text)

    assert found == {
        k: v.replace("PROJECT", str(tmp_path)) for k, v in expected.items()
    }


@pytest.mark.parametrize(
    "text", ["store: 3", "store: {url: 3}", "store: {}", "store: {url: a, b: c}"]
)
def test_a_store_that_is_none_is_one_line(tmp_path, text):
    with pytest.raises(OpsError, match="'store' is a path or URL"):
        store(tmp_path, text)


def test_a_switch_of_one_run_is_read_from_the_environment():
    assert options.is_guard_on("X", True, {}) is True
    assert options.is_guard_on("X", False, {"X": " On "}) is True
    assert options.is_guard_on("X", True, {"X": "false"}) is False
    with pytest.raises(OpsError, match="X=maybe is not valid"):
        options.is_guard_on("X", True, {"X": "maybe"})


@pytest.mark.parametrize("text", ["item: {a: 1}\nitem: {}", "item: [", "- item"])
def test_a_file_that_is_no_yaml_is_one_line(read, text):
    with pytest.raises(OpsError, match="ops.yml") as caught:
        read(text)

    assert "\n" not in caught.value.message


def test_datasets_can_be_ignored_by_name_and_by_type():
    ignore = ops("core.settings").Ignore(names=["a*"], types=["*.CSVDataset"])

    assert ignore.has("ab", "x")
    assert ignore.has("x", "pandas.CSVDataset")
    assert not ignore.has("x", "x")
