"""No place where a run is told shows a secret: one run fails with 80 forms of them."""

import json
import logging
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import yaml
from click.testing import CliRunner
from kedro.framework.hooks import hook_impl
from kedro.pipeline import node
from kit import ops
from notifications.notification_servers import TOKEN, mail_server, slack_server
from run_status.run_project import RunProject, same

from .secret_forms import CREDENTIALS, FORMS, INLINE, PARAMETERS, TEXT, X, leaks

redaction, findings = ops("core.redaction"), ops("core.findings")
cli = ops("core.cli")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(redaction, "_SECRETS", set())
    monkeypatch.setattr(redaction, "_WAYS", [])
    for name in ("RUN_STATUS_KEY", "RUN_STATUS", "OPENLINEAGE_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STEEL_TOES_BRANCH", "dev")
    monkeypatch.setenv("NOTIFICATIONS", "on")
    monkeypatch.setenv("COLUMNS", "200")


class Guard:
    """Says of a dataset and of a node what it has found."""

    @hook_impl
    def before_pipeline_run(self):
        findings.report(findings.Finding(TEXT, "raw", level="warning", guard="g"))
        findings.report_skipped_node("other", TEXT)


def fail(data):
    raise ValueError(TEXT)


def run_in(folder, slack, post):
    """Run a project that does all that can be done with a failure."""
    hooks = ("run_status", "RunStatus"), ("node_stats", "NodeStats")
    hooks += (("notifications", "Notifications"),)
    project = RunProject(
        folder, *(getattr(ops(f"{room}.hook"), name)() for room, name in hooks), Guard()
    )
    email = {"type": "email.Email", "host": "127.0.0.1", "port": post.port}
    email |= {"security": "plain", "sender": "a@example.com", "to": ["b@example.com"]}
    to_slack = {"type": "slack.Slack", "credentials": "slack", "to": ["#data"]}
    to_slack |= {"base_url": slack.base_url}
    project.settings(
        notifications={"channels": {"slack": to_slack, "email": email}},
        node_stats={
            "openlineage": {"type": "file", "log_file_path": str(folder / "events")}
        },
    )
    secrets = {**CREDENTIALS, "slack": {"token": TOKEN}}
    (folder / "conf/local/credentials.yml").write_text(yaml.safe_dump(secrets))
    catalog = {"unused": {"type": "MemoryDataset", **INLINE}}
    (folder / "conf/base/catalog.yml").write_text(yaml.safe_dump(catalog))
    with pytest.raises(ValueError, match="login failed"):
        project.session(
            node(fail, "raw", "out", name="fails"),
            node(same, "raw", "text", name="other"),
            data={"rows": 3},
            parameters=PARAMETERS,
            runtime_params={"db_password": X},
        )
    return project


def asked(project, monkeypatch, *arguments):
    """What ``kedro runs`` prints."""
    module = ops("run_status.commands")
    monkeypatch.setattr(module, "load_context", lambda env: SimpleNamespace())
    monkeypatch.setattr(
        ops("run_status.history"), "open_runs", lambda it: project.store
    )
    return CliRunner().invoke(module.command, arguments).output


def test_nothing_that_is_written_of_a_run_shows_a_secret(tmp_path, monkeypatch):
    pytest.importorskip("openlineage.client")
    with slack_server() as slack, mail_server("plain", tmp_path, login=False) as post:
        project = run_in(tmp_path / "project", slack, post)
    [mail] = post.mails
    [message] = slack.posted()
    files = [f for f in (project.path / "data/.ops").rglob("*") if f.is_file()]

    def texts(ending):
        return "\n".join(f.read_text("utf-8") for f in files if f.suffix == ending)

    places = {
        "journal": texts(".jsonl"),
        "record": texts(".json"),
        "page": texts(".html") + texts(".js"),
        "lineage": "\n".join(f.read_text() for f in project.path.glob("events*")),
        "Slack": json.dumps(message, ensure_ascii=False),
        "mail": "\n".join(
            [*map(str, mail.items()), *(p.get_content() for p in mail.iter_parts())]
        ),
        "runs show": asked(project, monkeypatch, "show"),
        "runs show --json": asked(project, monkeypatch, "show", "--json"),
        "runs list --json": asked(project, monkeypatch, "list", "--json"),
    }
    told = ("journal", "page", "lineage", "Slack", "mail", "runs show")
    assert [name for name in told if "login failed: password" not in places[name]] == []
    assert {
        name: found for name, text in places.items() if (found := leaks(text))
    } == {}
    assert TOKEN not in "".join(places.values())


@pytest.fixture
def hidden():
    redaction.hide(redaction.secrets(CREDENTIALS, everything=True))
    redaction.hide(redaction.secrets({"x": INLINE}, everything=False))
    redaction.hide(redaction.secrets(PARAMETERS, everything=False))


@pytest.mark.parametrize("as_json", [True, False])
def test_no_table_of_a_command_shows_a_secret(hidden, capsys, as_json):
    """`kedro expectations check`, `plan`, `branches list`: with ``--json`` and without."""
    rows = [{"dataset": "a", "message": text, "n": [text]} for _, text, _ in FORMS]
    ops("core.terminal").show("Failed checks", rows, as_json)

    said = capsys.readouterr().out
    assert said.count("login failed") == 2
    assert leaks(said) == []
    if as_json:
        assert len(json.loads(said)) == len(rows)


def test_no_finding_shows_a_secret(hidden, capsys, caplog):
    """`kedro preflight` and `kedro expectations check`: table, JSON and log."""
    found = [findings.Finding(TEXT, "a", TEXT, TEXT)]
    ops("core.terminal").show_findings(found, "Preflight", to_stderr=True)
    findings.log_warnings(found, "Preflight")
    said = capsys.readouterr().err, caplog.text, json.dumps(found[0].as_row())

    for text in said:
        assert "login failed" in text
        assert leaks(text) == []


def test_preflight_knows_the_secrets_of_the_project(hidden, monkeypatch):
    hook, asked = ops("preflight.hook"), []
    monkeypatch.setattr(hook.redaction, "hide_secrets_of", asked.append)
    monkeypatch.setattr(hook.redaction, "hide_parameters_of", asked.append)
    finding = ops("core.findings").Finding("is wrong")
    monkeypatch.setattr(hook, "_check", lambda *_: [finding])
    context = SimpleNamespace(project_path=None)
    starting = SimpleNamespace(context=context, broken=())
    list(hook.check_run(starting, {}, "pipeline", "catalog", code=False))

    assert asked == [context, "catalog"]


@contextmanager
def session(**known):
    yield SimpleNamespace(load_context=lambda: "context")


def test_commands_know_the_secrets_of_the_project(monkeypatch):
    options, asked = ops("core.run_options"), []
    monkeypatch.setattr(redaction, "hide_secrets_of", asked.append)
    monkeypatch.setattr(options.KedroSession, "create", session)
    monkeypatch.setattr(options.project.pipelines, "set_requested", lambda _: None)
    names = ("pipelines", "env", "conf_source", "params")
    options.load_run_context(dict.fromkeys(names))
    cli.load_context(None)
    logging.disable(logging.NOTSET)

    assert asked == ["context", "context"]


def test_no_error_of_a_command_shows_a_secret(hidden):
    error = ops("core.errors").OpsError(TEXT)

    assert "login failed" in error.format_message()
    assert leaks(error.format_message()) == []


def test_a_worker_knows_the_secrets_of_its_run(hidden, monkeypatch, tmp_path):
    journal = ops("run_status.journal")
    store = ops("core.store").Store(str(tmp_path))
    first = journal.start(journal.Ticket(store, "key", "id", str(tmp_path)), None)
    ticket = first.ticket_for_others()
    journal.end(first)
    monkeypatch.setattr(redaction, "_SECRETS", set())
    monkeypatch.setattr(redaction, "_WAYS", [])
    journal.join(ticket)
    journal.end(journal.current())

    assert leaks(redaction.text(TEXT)) == []
    assert "inl1ne" not in repr(ticket)


# Warnings that pass on the error of a store


def refuse(*_, **__):
    raise OSError(TEXT)


def an_event(url, monkeypatch):
    journal = ops("run_status.journal")
    monkeypatch.setattr(journal, "OwnFile", refuse)
    journal.Journal(journal.Ticket(ops("core.store").Store(url), "a", "id", "")).enter(
        "heartbeat"
    )


def a_saved_dataset(url, monkeypatch):
    manifest = ops("steel_toes.manifest")
    monkeypatch.setattr(manifest, "_WARNED", set())
    monkeypatch.setattr(manifest.Manifest, "read", refuse)
    store = manifest.Store(url)
    recorder = manifest.Recorder(manifest.Manifest(store), "dev", "cars")
    with recorder.record("target", lambda: None, "data"):
        pass


def a_damaged_file(url, monkeypatch):
    store = ops("core.store")
    monkeypatch.setattr(store, "_WARNED", set())
    store.warn_once(f"{url}/a.jsonl", TEXT)


def a_run_without_status(url, monkeypatch):
    hook = ops("run_status.hook")
    monkeypatch.setattr(hook, "_new_watch", refuse)
    token = hook._SETTINGS.set(hook.RunStatusOptions())
    hook.RunStatus()._start({}, None, None)
    hook._SETTINGS.reset(token)


def a_failed_preflight(url, monkeypatch):
    hook = ops("preflight.hook")
    monkeypatch.setattr(hook, "check_run", refuse)
    options = SimpleNamespace(code=SimpleNamespace(before_runs=False))
    token = hook._STARTING.set(SimpleNamespace(settings=options))
    hook.Preflight().before_pipeline_run({}, None, None)
    hook._STARTING.reset(token)


@pytest.mark.parametrize(
    "act",
    [
        an_event,
        a_saved_dataset,
        a_damaged_file,
        a_run_without_status,
        a_failed_preflight,
    ],
)
def test_no_warning_with_the_error_of_a_store_shows_a_secret(
    hidden, monkeypatch, caplog, act
):
    with caplog.at_level(logging.WARNING):
        act("memory://ann:Hunter2pw@store", monkeypatch)

    assert len(caplog.messages) == 1
    assert "login failed" in caplog.text
    assert leaks(caplog.text) == []
    assert "Hunter2pw" not in caplog.text
