"""Checks that this project still calls its guards, which your edits could break.

The tests run a small pipeline in a temporary folder, with the hooks and the session of
this project. The starter tests the guards themselves.
"""

from importlib import import_module
from pathlib import Path

{% if cookiecutter.preflight or cookiecutter.expectations -%}
import click
{% endif -%}
import pytest
import yaml
from click.testing import CliRunner
from kedro.config import OmegaConfigLoader
from kedro.framework.project import configure_project, pipelines, settings
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline, node

PROJECT = Path(__file__).parents[1]
PACKAGE = bootstrap_project(PROJECT).package_name
CONF = PROJECT / settings.CONF_SOURCE
KIT = PROJECT / "src" / PACKAGE / "ops"

ORDER = import_module(f"{PACKAGE}.ops").ORDER
check_settings = import_module(f"{PACKAGE}.ops.core.settings").check_settings


def work(raw):
    """The function of the only node."""
    return raw.upper()


def register_pipelines():
    """The pipelines of these runs, which Kedro gets from this module."""
    return {"__default__": Pipeline([node(work, "raw", "out", name="work")])}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the pipeline as the project would, with all data in a temporary folder."""
    monkeypatch.setenv("STEEL_TOES_BRANCH", "main")
    here, conf = tmp_path.as_posix(), tmp_path / "conf"
    catalog = {
        name: {"type": "text.TextDataset", "filepath": f"{here}/{name}.txt"}
        for name in ("raw", "out")
    }
    files = {"catalog": catalog, "ops": {"store": f"{here}/ops"}, "parameters": {}}
    for folder in ("base", "local"):
        (conf / folder).mkdir(parents=True)
    for name, content in files.items():
        file = conf / "base" / f"{name}.yml"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "raw.txt").write_text("data", encoding="utf-8")

    def run_once():
        with settings.SESSION_CLASS.create(PROJECT, conf_source=str(conf)) as session:
            session.run()

    pipelines.configure(__name__)
    yield run_once
    configure_project(PACKAGE)


def test_the_register_has_every_guard_in_its_order():
    rooms = [type(hook).__module__.split(".")[-2] for hook in reversed(settings.HOOKS)]

    expected = [room for room in ORDER if (KIT / room).is_dir()]
    assert [room for room in rooms if room in ORDER] == expected, "see hooks.py"


ENVIRONMENTS = sorted({file.parent.name for file in CONF.glob("*/ops*.yml")})


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_settings_are_understood(env):
    check_settings(OmegaConfigLoader(str(CONF), env=env, base_env="base"))


def test_every_command_has_help():
    cli = import_module(f"{PACKAGE}.cli").cli
    for name in cli.list_commands(None):
        assert "Usage:" in CliRunner().invoke(cli, [name, "--help"]).output


def test_a_run_works_and_a_second_one_too(run, tmp_path):
    run()
    run()

    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "DATA"
{%- if cookiecutter.steel_toes %}


def test_a_branch_leaves_the_data_of_main_alone(run, tmp_path, monkeypatch):
    run()
    (tmp_path / "raw.txt").write_text("new", encoding="utf-8")
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    run()

    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "DATA"
    assert (tmp_path / "out_dev.txt").read_text(encoding="utf-8") == "NEW"
{%- endif %}
{%- if cookiecutter.preflight %}


def test_data_that_is_missing_stops_the_run_and_is_named(run, tmp_path):
    (tmp_path / "raw.txt").unlink()

    with pytest.raises(click.ClickException) as caught:
        run()

    assert [finding.subject for finding in caught.value.findings] == ["raw"]
{%- endif %}
{%- if cookiecutter.run_status %}


def test_a_run_is_recorded(run, tmp_path):
    run()

    assert len(list(tmp_path.glob("ops/runs/*/*.jsonl"))) == 1
    assert (tmp_path / "ops" / "runs" / "index.html").exists()
{%- endif %}
{%- if cookiecutter.expectations %}


def test_data_that_fails_its_suite_is_not_saved(run, tmp_path):
    base = tmp_path / "conf" / "base"
    suite = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}
    (base / "expectations").mkdir()
    text = yaml.safe_dump({"expectations": [suite]})
    (base / "expectations" / "out.yml").write_text(text, encoding="utf-8")

    with pytest.raises(click.ClickException, match="out"):
        run()

    assert not (tmp_path / "out.txt").exists()
{%- endif %}
{%- if cookiecutter.skip_unchanged %}


def test_a_second_run_skips_what_is_unchanged(run, tmp_path):
    run()
    saved = (tmp_path / "out.txt").stat().st_mtime_ns
    run()

    assert (tmp_path / "out.txt").stat().st_mtime_ns == saved
{%- endif %}
