"""Notifications: one message for a run, through real servers, and never in the way."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from branches_helpers import Kedro
from buckets import Bucket
from helpers import commit, environment, run
from run_status.run_status_helpers import keys, prepare, read
from steel_toes_helpers import PACKAGE, Workshop

from .notification_servers import (
    PASSWORD,
    TOKEN,
    USER,
    Slack,
    bad_server,
    mail_server,
    slack_server,
)

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats", "preflight", "slack", "email"]

OURS = f"{PACKAGE}.runners.ParallelRunner"
METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "spawn"]
FAIL = ("run", "--params=how=raise")
LIMIT = 2.0
BUSY = 8.0  # seconds that a whole run may take on a busy machine; servers hang for 60
OTHERS = {"run_status": {"page": False}, "preflight": {"enabled": False}}

# The modules that a run has imported at its very end.
LAST = """
import atexit, sys
from pathlib import Path
atexit.register(lambda: Path("modules").write_text("\\n".join(sys.modules)))
"""


@pytest.fixture
def slack() -> Iterator[Slack]:
    with slack_server() as server:
        yield server


@pytest.fixture
def shop(workshop: Workshop, slack: Slack) -> Workshop:
    prepare(workshop)
    configure(workshop, slack)
    return workshop


@pytest.fixture
def quick(shop: Workshop) -> Kedro:
    return Kedro(shop)


def configure(
    shop: Workshop, slack: Slack | None, webhook: bool = False, **known
) -> None:
    """Write settings and credentials: Slack, and what else is said."""
    settings = {"limit": LIMIT, "channels": {}, **known}
    secrets = {}
    if slack is not None:
        entry = {"type": "slack.Slack", "credentials": "slack"}
        if not webhook:
            entry |= {"to": ["#data"], "base_url": slack.base_url}
        settings["channels"] = {"slack": entry, **settings["channels"]}
        secrets["slack"] = {"webhook": slack.webhook} if webhook else {"token": TOKEN}
    shop.settings(yaml.safe_dump({"notifications": settings, **OTHERS}))
    shop.write({"conf/local/credentials.yml": yaml.safe_dump(secrets)})


def configure_mail(shop: Workshop, port: int, security: str, **known) -> None:
    channel = {
        "type": "email.Email",
        "credentials": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "sender": "runs@example.com",
        "to": ["ada@example.com", "bob@example.com"],
    }
    configure(shop, None, channels={"email": {**channel, **known}})
    secrets = {"smtp": {"username": USER, "password": PASSWORD}}
    shop.write({"conf/local/credentials.yml": yaml.safe_dump(secrets)})


def checks(shop: Workshop) -> list[str]:
    """What the journal of the last run has of notifications."""
    run = read(shop, keys(shop)[-1])
    return [c.message for c in run.checks if c.guard == "notifications"]


# What is said, and when


def test_a_failure_is_sent_with_what_to_do(shop, quick, slack) -> None:
    commit(shop.path)
    code, _ = quick(*FAIL)

    assert code == 1
    [message] = slack.posted()
    assert message["text"] == f"{PACKAGE} failed in total: ValueError: no such number"
    sent = json.dumps(message)
    run = read(shop)
    for part in [
        PACKAGE, "dev at", run.commit[:8], run.user, run.host, run.key,
        "3 succeeded, 1 failed, 1 upstream failed", run.resume,
    ]:  # fmt: skip
        assert part in sent
    assert "raise ValueError" in sent
    assert checks(shop) == ["sent: #data: posted 1.000"]


def test_a_run_that_steel_toes_stop_is_sent_with_the_reason(shop, quick, slack) -> None:
    shutil.rmtree(shop.path / ".git")

    assert quick("run")[0] == 1

    [message] = slack.posted()
    assert "branch is unknown" in json.dumps(message)


def in_a_process(shop: Workshop, *args: str, **env: str) -> None:
    """Run Kedro in a process of its own, which has imported nothing."""
    env["PYTHONPATH"] = str(shop.without)
    run("kedro", *args, cwd=shop.path, env=env, check=False)


def test_a_run_that_succeeds_sends_nothing(shop, quick, slack) -> None:
    quick.run()

    assert slack.calls == []


def test_a_run_without_notifications_imports_no_channel(shop, slack) -> None:
    shop.team_hooks(LAST)
    in_a_process(shop, "run", NOTIFICATIONS="off")

    imported = set(shop.read("modules").split())
    assert f"{PACKAGE}.ops.notifications.hook" in imported
    assert not imported & {"slack_sdk", "smtplib", "apprise"}


@pytest.mark.parametrize(
    ("runner", "method"),
    [
        ("SequentialRunner", "fork"),
        ("ThreadRunner", "fork"),
        ("ParallelRunner", "fork"),
        *((OURS, method) for method in METHODS),
    ],
)
def test_every_runner_sends_one_message(shop, quick, slack, runner, method) -> None:
    if method == "spawn":
        shop.kedro(*FAIL, f"--runner={runner}", check=False, KEDRO_MP_CONTEXT=method)
    else:
        quick(*FAIL, f"--runner={runner}", env={"KEDRO_MP_CONTEXT": method})

    assert len(slack.posted()) == 1
    assert "failed in total" in slack.posted()[0]["text"]


def test_a_recovery_is_sent_with_what_has_changed(shop, quick, slack) -> None:
    commit(shop.path)
    quick.run()
    shop.write({"conf/base/parameters.yml": "how: better"})
    commit(shop.path, "Do it better")
    quick(*FAIL)
    quick.run("--nodes=clean")  # not what was left
    quick.run()

    failed, recovered = slack.posted()
    assert "recovered after 1 unsuccessful run" in recovered["text"]
    for message in (failed, recovered):
        assert "Do it better" in json.dumps(message)
        assert "\\u2022 how" in json.dumps(message)


def test_a_run_that_preflight_stops_is_notified(shop, quick, slack) -> None:
    (shop.path / "data" / "raw.txt").unlink()
    code, _ = quick("run", env={"PREFLIGHT": "on"})

    assert code == 1
    [message] = slack.posted()
    assert re.search(r"did not start: .*raw", message["text"])


def test_a_success_is_sent_if_asked_for(shop, quick, slack) -> None:
    configure(shop, slack, when={"success": True})
    quick.run()

    [message] = slack.posted()
    assert re.fullmatch(rf"{PACKAGE} succeeded in \d+ ms", message["text"])


def test_only_selects_runs(shop, quick, slack) -> None:
    configure(shop, slack, only={"ci": True, "branches": ["d*"], "pipelines": ["t*"]})
    quick(*FAIL, "--pipelines=toes")
    quick(*FAIL, "--pipelines=toes", env={"NOTIFICATIONS": "off", "CI": "true"})
    assert slack.calls == []

    quick(*FAIL, "--pipelines=toes", env={"CI": "true"})
    assert len(slack.posted()) == 1


def test_the_owner_of_the_node_that_failed_is_notified(shop, quick, slack) -> None:
    routes = [
        {"tags": ["first"], "to": {"slack": ["#first"]}},
        {"nodes": ["tot*"], "to": {"slack": ["#total", "#more"]}},
    ]
    configure(shop, slack, routes=routes)
    quick(*FAIL)

    assert [each["channel"] for each in slack.posted()] == ["#total", "#more"]


# Never in the way


def answer_of(shop: Workshop, said: str) -> str:
    """The warning, which is in the journal, too."""
    [answer] = checks(shop)
    warned = re.sub(r"\s+", " ", re.sub(r"[\w]+\.py:\d+", "", said))
    assert "WARNING Notifications: slack: " in warned
    return answer


@pytest.mark.parametrize(
    ("script", "arrived"),
    [
        (["429:1"], 1),
        (["cut"], 1),
        (["cut", "cut"], 0),
        (["hang"], 0),
        (["drip"], 0),
        (["invalid_auth"], 0),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else None,
)
def test_whatever_slack_does_the_run_is_what_it_was(
    shop, quick, slack, script, arrived
) -> None:
    settings = {"429:1": 10.0, "cut": 10.0}
    configure(shop, slack, limit=settings.get(script[0], LIMIT))
    slack.script = list(script)
    began = time.monotonic()
    code, said = quick(*FAIL)
    took = time.monotonic() - began

    assert code == 1
    assert "ValueError: no such number" in said
    assert len(slack.posted()) == arrived
    assert took < (10 if script[0] in settings else LIMIT) + BUSY
    if arrived:
        assert checks(shop) == ["sent: #data: posted 1.000"]
        return
    answer = answer_of(shop, said)
    expected = {
        "cut": "cannot reach Slack",
        "hang": "within [12] seconds|timed out|TimeoutError",
        "drip": "within [12] seconds",
        "invalid_auth": "the token is not valid",
    }
    assert re.search(expected[script[0]], answer), answer


@pytest.mark.parametrize("script", [[], ["hang"]])
def test_a_webhook_gets_one_message_at_the_end(shop, quick, slack, script) -> None:
    configure(shop, slack, webhook=True)
    slack.script = list(script)
    code, said = quick(*FAIL)

    assert code == 1
    arrived = script != ["hang"]
    assert len(slack.posted()) == arrived
    assert slack.webhook not in said
    if arrived:
        assert "raise ValueError" in json.dumps(slack.posted())
    else:
        assert checks(shop)[0].startswith("not sent")


def test_where_nobody_listens_there_is_a_warning(shop, quick, slack) -> None:
    with bad_server("cut") as port:
        pass
    slack.base_url = f"http://127.0.0.1:{port}/"
    configure(shop, slack, limit=10.0)  # it takes so long on a busy machine
    code, said = quick(*FAIL)

    assert code == 1
    assert "cannot reach Slack" in answer_of(shop, said)


def test_a_run_succeeds_though_its_notification_cannot_be_sent(
    shop, quick, slack
) -> None:
    configure(shop, slack, when={"success": True})
    slack.script = ["hang"]
    began = time.monotonic()
    code, said = quick("run")

    assert code == 0
    assert time.monotonic() - began < LIMIT + BUSY
    assert "completed successfully" in " ".join(said.split())


# Mail


@pytest.mark.parametrize("security", ["starttls", "tls", "plain"])
def test_a_mail_comes_to_all_with_text_and_page(
    shop, quick, security, tmp_path
) -> None:
    with mail_server(security, tmp_path) as post:
        configure_mail(shop, post.port, security, ca_file=str(post.ca_file))
        quick(*FAIL)
        quick(*FAIL)

    first, second = post.mails
    assert post.to == [["ada@example.com", "bob@example.com"]] * 2
    assert post.secured == [security != "plain"] * 2
    assert post.users == [USER] * 2
    assert first["Subject"] == f"{PACKAGE} failed in total: ValueError: no such number"
    assert first["From"] == "runs@example.com"
    assert first["Date"].datetime is not None
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == second["In-Reply-To"]
    text, page = first.iter_parts()
    for part in (text.get_content(), page.get_content()):
        assert "raise ValueError" in part
        assert "kedro run --from-nodes=total" in part
    assert (text.get_content_type(), page.get_content_type()) == (
        "text/plain",
        "text/html",
    )


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("hang", "within [12] seconds|timed out"),
        ("drip", "within [12] seconds"),
        ("cut", "cannot send through|within [12] seconds"),  # on a busy machine
    ],
)
def test_whatever_a_mail_server_does_the_run_is_what_it_was(
    shop, quick, how, expected
) -> None:
    with bad_server(how) as port:
        configure_mail(shop, port, "plain")
        began = time.monotonic()
        code, _ = quick(*FAIL)
        took = time.monotonic() - began

    assert code == 1
    assert took < LIMIT + BUSY
    assert re.search(expected, checks(shop)[0])


def test_what_a_mail_server_refuses_is_a_warning(shop, quick, tmp_path) -> None:
    with mail_server("starttls", tmp_path) as post:
        known = {"ca_file": str(post.ca_file)}
        configure_mail(shop, post.port, "starttls")
        quick(*FAIL)
        assert "CERTIFICATE_VERIFY_FAILED" in checks(shop)[0]
        configure_mail(shop, post.port, "starttls", **known)
        shop.write(
            {"conf/local/credentials.yml": "smtp: {username: x, password: yyyyyy}"}
        )
        quick(*FAIL)
        assert "answers 535" in checks(shop)[0]
    assert post.mails == []


def test_no_text_of_a_run_becomes_a_header(shop, quick, tmp_path) -> None:
    text = "a\\r\\nBcc: eve@example.com\\r\\n\\r\\nbody"
    file = f"src/{PACKAGE}/pipelines/toes/__init__.py"
    shop.write({file: shop.read(file).replace('"no such number"', f'"{text}"')})
    with mail_server("plain", tmp_path) as post:
        configure_mail(shop, post.port, "plain")
        quick(*FAIL, env={"STEEL_TOES_BRANCH": "a\rBcc: x@y.z"})

    [mail] = post.mails
    assert mail["Bcc"] is None
    assert post.to == [["ada@example.com", "bob@example.com"]]
    assert "\n" not in mail["Subject"]
    assert not mail.defects


# What is wrong is said at the start


def test_a_missing_token_is_a_warning(shop, quick, slack) -> None:
    shop.write({"conf/local/credentials.yml": ""})
    _, said = quick("run")
    line = "Notifications: slack: 'slack' is not defined in credentials.yml"
    assert line in " ".join(re.sub(r"[\w]+\.py:\d+", "", said).split())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"chanels": {}}, "Did you mean 'channels'"),
        ({"limit": 60}, "a number of seconds, at most 10"),
        ({"routes": [{"tags": ["a"], "to": {"smoke": ["x"]}}]}, "is not a channel"),
        ({"routes": [{"to": {"slack": ["#x"]}}]}, "matches no run"),
    ],
)
def test_wrong_settings_are_one_line(shop, quick, slack, settings, expected) -> None:
    configure(shop, slack, **settings)
    code, said = quick("run")

    [line] = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert code == 1
    assert expected in line


# Exactly one


def test_many_runs_at_once_send_one_message_each(shop, slack) -> None:
    count = 8
    with ThreadPoolExecutor(4) as threads:
        for _ in range(count):
            threads.submit(in_a_process, shop, *FAIL)

    assert len(keys(shop)) == count
    assert len(slack.posted()) == count
    assert len({json.dumps(message) for message in slack.posted()}) == count


def start(shop: Workshop, **env: str) -> subprocess.Popen[bytes]:
    """A run that waits in a node."""
    process = subprocess.Popen(
        ["kedro", "run", "--params=how=wait"],
        cwd=shop.path,
        env=environment() | {"PYTHONPATH": str(shop.without)} | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not shop.has("waiting") and time.monotonic() < deadline:
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("command", [("run",), ("notify",)])
def test_a_killed_run_is_notified_once_by_the_next_command(
    shop, quick, slack, command
) -> None:
    process = start(shop)
    quick("runs", "list")
    assert slack.calls == []  # it goes on
    process.kill()
    process.wait()

    quick(*command)
    first, *others = slack.posted()
    quick("notify")

    assert re.search(r"was interrupted after .*: its process is gone", first["text"])
    # The good run that came after it is a recovery.
    assert all("recovered" in each["text"] for each in others)
    assert len(slack.posted()) == (2 if command == ("run",) else 1)


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_end_sends_it_itself(
    shop, quick, slack, signal_
) -> None:
    process = start(shop)
    process.send_signal(signal_)
    process.wait(timeout=30)

    assert len(slack.posted()) == 1
    quick("notify")
    [message] = slack.posted()
    assert "was interrupted after" in message["text"]


def airflow(task: str, number: int = 1) -> dict[str, str]:
    """What Airflow 3.3 sets for a task, seen with its scheduler."""
    return {
        "AIRFLOW_CTX_DAG_ID": "dag",
        "AIRFLOW_CTX_DAG_OWNER": "airflow",
        "AIRFLOW_CTX_DAG_RUN_ID": "manual__2026-11-22T22:01:00.477497+00:00",
        "AIRFLOW_CTX_LOGICAL_DATE": "2026-01-02T00:00:00+00:00",
        "AIRFLOW_CTX_TASK_ID": task,
        "AIRFLOW_CTX_TRY_NUMBER": str(number),
    }


def test_in_airflow_the_last_task_sends_it_for_the_run(shop, quick, slack) -> None:
    configure(shop, slack, when={"success": True})
    quick.run("--nodes=clean,total", **airflow("first"))
    quick.run("--nodes=end", **airflow("end"))
    assert slack.calls == []

    quick.run("--nodes=other,quiet", **airflow("others"))
    [message] = slack.posted()
    quick.run("--nodes=end", **airflow("end", 2))
    assert slack.posted() == [message]
    assert len(keys(shop)) == 1


def test_in_airflow_the_first_failure_is_sent_for_the_run(shop, quick, slack) -> None:
    shop.write({"data/mid_dev.txt": "mid"})
    task = ("run", "--nodes=total", "--params=how=raise")
    quick(*task, env=airflow("total", 1))
    [message] = slack.posted()
    assert "failed in total" in message["text"]

    quick(*task, env=airflow("total", 2))
    quick("notify", env=airflow("notify"))
    assert slack.posted() == [message]


def test_the_last_task_of_a_dag_can_be_kedro_notify(shop, quick, slack) -> None:
    shop.write({"data/mid_dev.txt": "mid"})
    quick("run", "--nodes=total", "--params=how=exit", env=airflow("total"))
    assert slack.calls == []

    quick("notify", env=airflow("notify"))
    quick("notify", env=airflow("notify", 2))
    [message] = slack.posted()
    assert "was interrupted" in message["text"]


PREFLIGHT = ("preflight", "--no-code")


def test_what_preflight_finds_in_a_dag_is_sent_and_in_the_history(
    shop, quick, slack
) -> None:
    (shop.path / "data" / "raw.txt").unlink()
    code, said = quick(*PREFLIGHT, env=airflow("kedro_preflight"))
    assert code == 1
    assert "has no data" in said
    assert slack.calls == []

    code, shown = quick("runs", "show")
    assert "kedro preflight found 1 error" in shown
    assert re.search(r"raw: has no data", " ".join(shown.split()))
    failed = "--failed-tasks=kedro_preflight"
    for number in (1, 2):
        quick("notify", failed, env=airflow("notify", number))
    [message] = slack.posted()
    assert re.search(r"did not start: .*raw", message["text"])
    assert "Airflow says" not in json.dumps(message)
    assert len(keys(shop)) == 1


def test_a_preflight_that_passes_when_tried_again_clears_the_failure(
    shop, quick, slack
) -> None:
    configure(shop, slack, when={"success": True})
    raw = shop.path / "data" / "raw.txt"
    text = raw.read_text()
    raw.unlink()
    quick(*PREFLIGHT, env=airflow("kedro_preflight") | {"RUN_STATUS_TRY": "1/2"})
    assert slack.calls == []  # Airflow tries it again

    raw.write_text(text)
    env = airflow("kedro_preflight", 2) | {"RUN_STATUS_TRY": "2/2"}
    assert quick(*PREFLIGHT, env=env)[0] == 0
    quick.run("--nodes=clean,total,end", **airflow("first"))
    quick.run("--nodes=other,quiet", **airflow("others"))
    [message] = slack.posted()
    assert "succeeded" in message["text"]
    assert "has no data" not in json.dumps(message)
    [key] = keys(shop)
    found = read(shop, key)
    assert found.state.value == "succeeded"
    assert [each for each in found.checks if each.level == "error"] == []


def test_why_a_task_knows_no_branch_is_sent(shop, quick, slack) -> None:
    commit(shop.path)
    run("git", "switch", "--quiet", "--detach", cwd=shop.path)
    env = {"STEEL_TOES_BRANCH": ""}
    code, said = quick(*PREFLIGHT, env=airflow("kedro_preflight") | env)
    assert code == 1
    assert "STEEL_TOES_BRANCH" in said

    env = airflow("notify") | env | {"STEEL_TOES": "off"}  # as in the DAG
    quick("notify", "--failed-tasks=kedro_preflight", env=env)
    [message] = slack.posted()
    assert "did not start: The git branch is unknown" in message["text"]


def test_a_preflight_outside_a_dag_leaves_no_record(shop, quick) -> None:
    (shop.path / "data" / "raw.txt").unlink()

    assert quick(*PREFLIGHT)[0] == 1
    assert keys(shop) == []


def test_a_preflight_that_cannot_be_recorded_fails_all_the_same(shop, quick) -> None:
    (shop.path / "data" / "raw.txt").unlink()
    (shop.path / "data" / ".ops").write_text("a file")

    code, said = quick(*PREFLIGHT, env=airflow("kedro_preflight"))
    assert code == 1
    assert "has no data" in said
    assert "Traceback" not in said


# The command


def test_a_test_message_goes_to_every_channel(shop, quick, slack) -> None:
    code, said = quick("notify", "--test")

    assert code == 0
    assert "slack: sent: #data: posted 1.000" in said
    slack.script = ["invalid_auth"]
    code, said = quick("notify", "--test")
    assert code == 1
    assert "slack: NOT SENT: #data: Slack answers 200: invalid_auth" in said


def test_a_notification_can_be_sent_again_or_printed(shop, quick, slack) -> None:
    quick(*FAIL)
    code, said = quick("notify", "last", "--dry-run")
    assert code == 0
    assert "failed in total: ValueError: no such number" in said
    assert "kedro run --from-nodes=total" in said
    assert "To slack: #data" in said
    assert len(slack.posted()) == 1

    assert quick("notify", keys(shop)[0])[0] == 0
    assert len(slack.posted()) == 2
    assert quick("notify", "nothing")[0] == 1


def test_a_run_at_a_terminal_is_not_notified(shop, slack) -> None:
    pty = pytest.importorskip("pty")
    terminal, end = pty.openpty()
    subprocess.run(
        ["kedro", *FAIL],
        cwd=shop.path,
        env=environment() | {"PYTHONPATH": str(shop.without)},
        stdin=end,
        capture_output=True,
        check=False,
    )
    os.close(terminal)
    os.close(end)
    assert keys(shop)
    assert slack.calls == []


# Secrets

PLANTED = {
    "credential": "hunter2-in-credentials",
    "parameter": "hunter3-in-parameters",
    "connection": "hunter4-in-a-connection",
    "traceback": "hunter5-in-a-traceback",
}


@pytest.mark.parametrize("runner", ["SequentialRunner", OURS])
def test_a_secret_is_in_no_message_log_journal_or_page(
    shop, quick, slack, runner, tmp_path
) -> None:
    code = f'''
def total(mid, how):
    password = "{PLANTED["traceback"]}"
    raise ValueError(
        "cannot log in with {PLANTED["credential"]} and {PLANTED["parameter"]} at "
        "postgresql://ada:{PLANTED["connection"]}@db/x in " + __import__("os").path.expanduser("~")
        + " password=" + password
    )
'''
    file = f"src/{PACKAGE}/pipelines/toes/__init__.py"
    shop.write({file: f"{shop.read(file)}\n{code}"})
    with mail_server("plain", tmp_path) as post:
        configure_mail(shop, post.port, "plain")
        settings = yaml.safe_load(shop.read("conf/base/ops.yml"))
        settings["run_status"]["page"] = True
        entry = {"type": "slack.Slack", "credentials": "slack", "to": ["#data"]}
        settings["notifications"]["channels"]["slack"] = {
            **entry,
            "base_url": slack.base_url,
        }
        shop.settings(yaml.safe_dump(settings))
        secrets = {
            "slack": {"token": TOKEN},
            "smtp": {"username": USER, "password": PASSWORD},
            "db": {"con": f"postgresql://ada:{PLANTED['connection']}@db/x"},
            "api": {"entry": PLANTED["credential"]},
        }
        known = {"how": "raise", "api_token": PLANTED["parameter"]}
        shop.write(
            {
                "conf/local/credentials.yml": yaml.safe_dump(secrets),
                "conf/base/parameters.yml": yaml.safe_dump(known),
            }
        )
        _, said = quick("run", f"--runner={runner}")

    assert len(slack.posted()) == len(post.mails) == 1
    # Python writes the error of the node itself; what is written of it by us is clean.
    ours = [line for line in said.splitlines() if "Notifications" in line]
    texts = [json.dumps(slack.calls), "\n".join(ours)]
    texts += [
        str(mail) + "".join(p.get_content() for p in mail.iter_parts())
        for mail in post.mails
    ]
    folder = shop.path / "data" / ".ops"
    texts += [f.read_text("utf-8") for f in folder.rglob("*") if f.is_file()]
    for text in texts:
        for secret in [*PLANTED.values(), TOKEN, PASSWORD, slack.webhook]:
            assert secret not in text
        assert f"in {Path.home()}" not in text


def test_with_a_store_in_a_bucket_a_notification_leaves_the_record_of_the_run(
    shop: Workshop, slack: Slack, address: str
) -> None:
    bucket = Bucket(address)
    place = {"url": f"s3://{bucket.name}/ops", "credentials": "shop"}
    entry = {"type": "slack.Slack", "credentials": "slack", "to": ["#data"]}
    entry["base_url"] = slack.base_url
    wanted = {"limit": 8, "when": {"success": True}, "channels": {"slack": entry}}
    settings = {"store": place, "notifications": wanted, **OTHERS}
    shop.settings(yaml.safe_dump(settings))
    secrets = {"shop": bucket.keys, "slack": {"token": TOKEN}}
    shop.write({"conf/local/credentials.yml": yaml.safe_dump(secrets)})

    for _ in range(2):
        shop.kedro("run", NOTIFICATIONS="on")

    assert len(slack.calls) == 2
    listed = shop.kedro("runs", "list", "--json").stdout
    rows = json.loads(listed.splitlines()[-1])
    assert [row["state"] for row in rows] == ["succeeded"] * 2
    assert len({row["run"] for row in rows}) == 2
