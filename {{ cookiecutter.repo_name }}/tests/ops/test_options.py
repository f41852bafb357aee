"""``ops.yml``: read by environment, and checked."""

import pytest
from kedro.config import OmegaConfigLoader

from . import ops

options = ops("options")
catalogs = ops("branched_catalog")
OpsError = ops("errors").OpsError


@pytest.fixture
def read(tmp_path):
    def reader(base, prod=""):
        for environment, text in (("base", base), ("prod", prod), ("local", "")):
            (tmp_path / environment).mkdir(exist_ok=True)
            if text:
                (tmp_path / environment / "ops.yml").write_text(text)
        loader = OmegaConfigLoader(
            tmp_path, env="prod", base_env="base", default_run_env="local"
        )
        return options.read(loader, catalogs.SteelToesOptions)

    return reader


def test_without_a_file_the_defaults_hold(read):
    settings = read("")

    assert settings.enabled
    assert settings.trunk == ["main", "master"]


def test_an_environment_changes_one_setting_and_leaves_its_siblings_alone(read):
    settings = read(
        "steel_toes: {trunk: [prod], ignore: {names: [a], types: [b]}}",
        "steel_toes: {ignore: {names: [c]}}",
    )

    assert settings.trunk == ["prod"]
    assert settings.ignore.names == ["c"]
    assert settings.ignore.types == ["b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steel_toe: {}", "'steel_toe' is no setting; did you mean 'steel_toes'"),
        ("zzz: {}", "'zzz' is no setting; there are: .*steel_toes"),
        ("steel_toes: {enabld: true}", "'steel_toes.enabld'.*mean 'enabled'"),
        ("steel_toes: {ignore: {name: []}}", "'steel_toes.ignore.name'.*mean 'names'"),
        ("steel_toes: {enabled: maybe}", "'steel_toes.enabled' has a wrong value"),
        ("steel_toes: {trunk: main}", "'steel_toes.trunk' has a wrong value"),
        ("steel_toes: {ignore: 3}", "'steel_toes.*' has a wrong value"),
        ("steel_toes: on", "'steel_toes' holds settings by name, not True"),
    ],
)
def test_a_mistake_is_one_line_with_the_key(read, text, said):
    with pytest.raises(OpsError, match=said) as caught:
        read(text)

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
    assert options.switch("X", True, {}) is True
    assert options.switch("X", False, {"X": " On "}) is True
    assert options.switch("X", True, {"X": "false"}) is False
    with pytest.raises(OpsError, match="X=maybe says neither"):
        options.switch("X", True, {"X": "maybe"})
