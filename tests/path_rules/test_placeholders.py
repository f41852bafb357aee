"""The names in braces: the environment, the user, the branch and the project."""

from types import SimpleNamespace

import pytest
from kit import PACKAGE, ops

path_values = ops("path_rules.placeholders")
OpsError = ops("core.errors").OpsError

CI_VARIABLES = ["STEEL_TOES_BRANCH", "CI", *ops("core.branch")._CI_SYSTEMS]


@pytest.fixture
def context(tmp_path, monkeypatch):
    for variable in CI_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LOGNAME", "ann")
    loader = SimpleNamespace(default_run_env="local")
    return SimpleNamespace(project_path=tmp_path, env="prod", config_loader=loader)


def test_each_name_stands_for_what_the_run_has(context, monkeypatch):
    monkeypatch.setenv("STEEL_TOES_BRANCH", "feat/x")

    filled = path_values.fill("s3://b/{env}/{user}/{branch}/{project}/", context)

    assert filled == f"s3://b/prod/ann/{ops('core.branch').slug('feat/x')}/{PACKAGE}/"


def test_without_an_environment_it_is_the_default_one(context):
    context.env = None
    assert path_values.fill("{env}", context) == "local"

    context.config_loader = SimpleNamespace()
    assert path_values.fill("{env}", context) == "local"


def test_the_branch_is_asked_for_only_where_it_is_used(context):
    (context.project_path / ".git").mkdir()
    (context.project_path / ".git" / "HEAD").write_text("0123456789abcdef\n")

    assert path_values.fill("{env}", context) == "prod"
    with pytest.raises(OpsError, match="detached.*set STEEL_TOES_BRANCH"):
        path_values.fill("{branch}", context)


@pytest.mark.parametrize("name", ["COMPANY\\ann", "ann/../bob", "..", "an{n}", "a b"])
def test_a_user_is_always_one_part_of_a_path(context, monkeypatch, name):
    monkeypatch.setenv("LOGNAME", name)

    user = path_values.fill("{user}", context)

    assert not set(user) & set("\\/{} ")
    assert user not in ("", ".", "..")


@pytest.mark.parametrize("name", ["ann", "Ann_B", "ann.b-c"])
def test_a_plain_user_stays_as_it_is(context, monkeypatch, name):
    monkeypatch.setenv("LOGNAME", name)

    assert path_values.fill("{user}", context) == name


def test_a_user_that_the_system_does_not_know_is_an_error_with_a_remedy(
    context, monkeypatch
):
    monkeypatch.setattr(path_values, "user", lambda: "")

    assert path_values.fill("{env}", context) == "prod"
    with pytest.raises(OpsError, match="{user}.*set the environment variable LOGNAME"):
        path_values.fill("{user}", context)


@pytest.mark.parametrize("text", ["{usr}", "{name}", "{}", "{user", "user}", "{a{env}"])
def test_any_other_brace_is_an_error_that_lists_the_names(context, text):
    with pytest.raises(OpsError, match="{env}, {user}, {branch}, {project}"):
        path_values.fill(text, context)


def test_a_backslash_in_a_value_is_no_reference_to_a_group(context):
    context.env = r"a\1"

    assert path_values.fill(r"\1/{env}", context) == r"\1/a\\1"
