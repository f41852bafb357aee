"""Where the lines of a run go."""

import logging

import kedro
import pytest
import yaml
from kedro.framework import project
from kit import PROJECT, ops

log = ops("progress.logging")
TEXT = (PROJECT / "conf" / "logging.yml").read_text(encoding="utf-8")


@pytest.fixture
def config(monkeypatch):
    """The project's logging.yml, as Kedro has read it."""
    config = yaml.safe_load(TEXT)
    monkeypatch.setattr(project.LOGGING, "data", config)
    return config


@pytest.fixture
def opened(config, tmp_path):
    """Open the file in a project; close it at the end of the test."""
    handlers = []

    def open_file():
        handlers.append(log.open_file(tmp_path))
        return handlers[-1]

    yield open_file
    for handler in filter(None, handlers):
        logging.getLogger().removeHandler(handler)
        handler.close()


def record(name, level=logging.INFO, path="", **extra):
    made = logging.LogRecord(name, level, path, 1, "text", (), None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize(
    ("given", "passes"),
    [
        (record("team.nodes"), True),
        (record("toe_test.ops.steel_toes.checks"), True),
        (record("kedro.runner", path=kedro.__path__[0] + "/runner/runner.py"), False),
        (record("team.runners", path=kedro.__path__[0] + "/runner/runner.py"), False),
        (
            record(
                "kedro.runner", logging.WARNING, kedro.__path__[0] + "/runner/runner.py"
            ),
            True,
        ),
        (record("team.ops", in_last_lines=True), False),
    ],
)
def test_the_console_has_all_but_kedros_own_lines(given, passes):
    assert log.ConsoleFilter().filter(given) is passes


def test_the_file_is_in_the_project_and_has_what_kedro_writes(
    opened, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    opened()
    logging.getLogger("kedro.runner").warning("Completed node: %s", "a")

    text = (tmp_path / "logs" / "kedro.log").read_text(encoding="utf-8")
    assert text.endswith(" - kedro.runner - WARNING - Completed node: a\n")


def test_the_team_says_where_the_file_is_and_what_is_in_it(opened, config, tmp_path):
    config["handlers"]["file"]["filename"] = str(tmp_path / "mine.txt")
    config["handlers"]["file"]["level"] = "ERROR"
    config["handlers"]["file"].pop("formatter")
    opened()
    logging.getLogger("team").warning("not this")
    logging.getLogger("team").error("this")

    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "this\n"


def test_without_the_handler_there_is_no_file(opened, config, tmp_path):
    del config["handlers"]["file"]

    assert opened() is None
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_none(opened, tmp_path):
    (tmp_path / "logs").write_text("a file", encoding="utf-8")

    assert opened() is None


def test_a_disk_that_is_full_later_on_is_not_heard_of(opened, capsys, monkeypatch):
    handler = opened()

    def full(text):
        raise OSError("No space left on device")

    monkeypatch.setattr(handler.stream, "write", full, raising=False)
    handler.handle(record("team", logging.ERROR))

    assert capsys.readouterr().err == ""


def test_started_in_another_folder_kedro_uses_the_projects_file(tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr(project, "configure_logging", used.append)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "logging.yml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    log.use_project_logging(tmp_path)
    assert used == []  # Kedro has read it

    monkeypatch.chdir(tmp_path / "conf")
    log.use_project_logging(tmp_path)
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "other.yml")
    log.use_project_logging(tmp_path)
    assert [each["root"] for each in used] == [{"handlers": ["console"]}]
