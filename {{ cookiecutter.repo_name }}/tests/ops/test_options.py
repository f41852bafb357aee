"""``ops.yml``: read by environment, and checked."""

import pytest
from kedro.config import OmegaConfigLoader

from . import ops

options = ops("options")
steel_toes = ops("steel_toes")
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
        return options.read(loader, steel_toes.SteelToesOptions)

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


def test_a_switch_of_one_run_is_read_from_the_environment():
    assert options.switch("X", True, {}) is True
    assert options.switch("X", False, {"X": " On "}) is True
    assert options.switch("X", True, {"X": "false"}) is False
    with pytest.raises(OpsError, match="X=maybe says neither"):
        options.switch("X", True, {"X": "maybe"})
