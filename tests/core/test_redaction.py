"""Redaction: what others read holds no secret, and nothing of a user's folders."""

import ast
import json
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from kedro.config import OmegaConfigLoader
from kit import ops

from .secret_forms import CREDENTIALS, FORMS, INLINE, PARAMETERS, TEXT, leaks

module = ops("core.redaction")


@pytest.mark.parametrize(
    "key",
    ["password", "DB_PASSWORD", "api_key", "apiKey", "token", "bot_token", "secret"]
    + ["client_secret", "aws_secret_access_key", "credentials", "sas", "account_key"],
)
def test_values_that_are_called_secret_are_hidden(key):
    assert module.values({"a": {key: "x1"}}) == {"a": {key: "***"}}


@pytest.mark.parametrize(
    "key",
    ["keep", "key", "key_column", "passengers", "author", "monkey", "max_tokens"]
    + ["tokenizer", "secretary", "bypass", "Kansas"],
)
def test_others_are_not(key):
    assert module.values({key: "x1"}) == {key: "x1"}


def test_numbers_and_lists_stay_what_they_are():
    given = {"a": [1, 2.5, None, True], "b": (1,), "token": None}

    assert module.values(given) == given | {"b": [1]}


PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("postgres://ada:pw@db/x", "postgres://db/x"),
        ("mysql://ada:p@ss@db/x", "mysql://db/x"),
        ("https://h/?sig=abc&x=1", "https://h/?sig=***&x=1"),
        ("password=abc rest", "password=*** rest"),
        ("password = abc rest", "password = *** rest"),
        ("password='a b' rest", "password=*** rest"),
        ("{'password': 'a b', 'x': 1}", "{'password': ***, 'x': 1}"),
        ('{"api_key": "abc"}', '{"api_key": ***}'),
        ("{'x-api-key': 'abc'}", "{'x-api-key': ***}"),
        ("load --password abc --to x", "load --password *** --to x"),
        ("connect(token=abc)", "connect(token=***)"),
        ("Authorization: Bearer abcdefghij", "Authorization: ***"),
        ("sent bearer abcdefgh1 to x", "sent bearer *** to x"),
        ("Cookie: session=abc; other=1\nrest", "Cookie: ***\nrest"),
        ("AKIAABCDEFGHIJKLMNOP is it", "*** is it"),
        (f"key {PEM} end", "key *** end"),
        ("to https://hooks.slack.com/services/T0/B0/abc now", "to *** now"),
        ("github_pat_11ABCDEFGHIJKLMNOPQRST is it", "*** is it"),
        ("glpat-abcdefghijklmnopqrs1 is it", "*** is it"),
        ("hf_abcdefghijklmnopqrstuv is it", "*** is it"),
        ("sk-proj-abcdefghijklmnopqrs1 is it", "*** is it"),
        ("dapi0123456789abcdef0123456789abcdef is it", "*** is it"),
        (f"AIza{'x1' * 18} is it", "*** is it"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl is it", "*** is it"),
    ],
)
def test_secrets_in_texts_are_hidden(text, expected):
    assert module.text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a @ b, mail ada@example.com",
        "KeyError: 'password'",
        '  File "src/shop/nodes.py", line 41, in fit_model',
        "SyntaxError: unexpected token",
        "Unexpected token '}' at position 3",
        "the token is not valid, and basic authentication failed",
        "conn = connect(user=self.user, password=self.password, sslmode=mode)",
        "def connect(user: str, password: str | None = None) -> Connection:",
        'token = os.environ["API_TOKEN"]',
        "if token == other_token and max_tokens: 4096 < tokens",
        "tokenizer: bert-base-uncased, secretary: ada, compass: north",
        "ValueError: signature=(3, 4) does not match key: customer_id",
        "commit 4f1c2aa0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6 on feature/sk-learn-pipelines",
        "run 2026-11-26T10.20.30.123Z-0a1b2c3d, sha256 " + "0a1b2c3d" * 8,
        "GET https://example.com:8080/mails?to=ada@example.com HTTP/1.1 404",
        "INFO Saving data to model_input_table@pandas (ParquetDataset)...",
        "ValueError: monkey: 12, passengers: 3, basic example",
        "DatasetError: Failed while loading data from s3://bucket/key.csv",
        "skip-unchanged, task-runner and desk-top-publishing-with-python",
    ],
)
def test_ordinary_lines_stay_as_they_are(text):
    assert module.text(text) == text


@pytest.mark.parametrize("home", ["/root", "/app"])
def test_a_folder_that_is_named_like_a_user_hides_no_password(home, monkeypatch):
    monkeypatch.setattr(module, "_HOME", home)
    text = f"mysql://{home[1:]}:Hunter2pw@db/x"

    assert module.text(text, Path(home)) == "mysql://db/x"


def test_paths_say_nothing_about_their_user(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_HOME", str(tmp_path))
    project = tmp_path / "work" / "project"
    text = f"{project}/data/x.csv, {project} and {tmp_path}/other"

    assert module.text(text, project) == "data/x.csv, . and ~/other"


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(module, "_SECRETS", set())
    monkeypatch.setattr(module, "_WAYS", [])


def test_what_is_known_to_be_secret_is_in_no_text(known):
    module.hide(["hunter2", "hunter2 and more", "p@ss'word"])

    text = "hunter2 and more, hunter2; p%40ss%27word"
    assert module.text(text) == "***, ***; ***"
    assert set(module.hidden()) >= {"hunter2", "hunter2 and more"}


@pytest.mark.parametrize("secret", ["two\nlines", "pass\\word1", PEM, "a\"b'c"])
def test_what_is_hidden_again_and_again_costs_nothing_more(known, secret):
    """A process may run a thousand sessions, each with the same credentials."""
    module.hide([secret])
    ways = list(module._WAYS)
    for _ in range(1_000):
        module.hide([secret])
        module.hide(module.hidden())

    assert ways == module._WAYS
    assert len(ways) < 10
    for text in (secret, repr(secret), json.dumps(secret), quote(secret, safe="")):
        assert "***" in module.text(f"<{text}>")


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "x-",
        "token",
        "://",
        "://a@",
        "://a:",
        "password=",
        "-----BEGIN ",
        "eyJ.",
        "'",
    ]
    + ["password='", 'password=\\"', "password=(", "cookie:", "curl -u ", "sk-", "x_"]
    + ["curl ", "AKIAABCDEFGHIJKLMNOP ", "identified by ", "1Q~", "bearer a"],
)
def test_the_time_is_linear_in_the_text(piece):
    def seconds(length):
        text = piece * (length // len(piece))
        begin = time.perf_counter()
        module.text(text)
        return time.perf_counter() - begin

    short = min(seconds(20_000) for _ in range(3))
    assert seconds(200_000) < max(50 * short, 0.5)


def test_one_line_of_a_key_is_hidden(known):
    line = "MIIEowIBAAKCAQEAx0"
    module.hide([f"-----BEGIN KEY-----\n{line}\n-----END KEY-----"])

    assert module.text(f"bad line {line}!") == "bad line ***!"


def test_all_of_credentials_is_secret_but_what_is_known_to_be_none():
    credentials = {
        "db": {"con": "postgresql://ada:pw-of-db@host/x", "port": 5432},
        "bucket": {
            "key": "a-long-key",
            "client_kwargs": {"endpoint_url": "http://x:1"},
        },
        "mail": {"username": "ada-lovelace", "password": "four", "ssl": True},
        "list": ["in-a-list", "tiny", 123456],
        "broken": "http://[x",
    }
    found = set(module.secrets(credentials, everything=True))

    assert found == {
        "postgresql://ada:pw-of-db@host/x",
        "pw-of-db",
        "a-long-key",
        "four",
        "YWRhLWxvdmVsYWNlOmZvdXI=",  # user and password, as HTTP sends them
        "in-a-list",
        "http://[x",
    }


def test_of_parameters_only_what_is_called_so_is_secret():
    given = {"columns": ["flipper"], "api_token": "abcdef", "pin_secret": 123456}
    assert set(module.secrets(given, everything=False)) == {"abcdef", "123456"}


@pytest.fixture
def context(tmp_path):
    """A project whose credentials are in credentials.yml and in the catalog."""
    files = {
        "local/credentials.yml": CREDENTIALS,
        "base/catalog.yml": {
            "inline": {"type": "MemoryDataset", **INLINE},
            "named": {"type": "MemoryDataset", "credentials": "db-of-ada"},
            "table": {"type": "pandas.HDFDataset", "key": "customers"},
        },
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    loader = OmegaConfigLoader(str(tmp_path), base_env="base", default_run_env="local")
    credentials = loader["credentials"]
    return SimpleNamespace(
        config_loader=loader, _get_config_credentials=lambda: credentials
    )


def test_eighty_forms_of_secrets_are_hidden(known, context):
    module.hide_secrets_of(context)
    module.hide(module.secrets(PARAMETERS, everything=False))

    assert len(FORMS) >= 80
    missed = [name for name, text, _ in FORMS if name in leaks(module.text(text))]
    assert missed == []
    assert leaks(module.text(TEXT)) == []
    assert leaks(module.text(" ".join(TEXT.split()))) == []
    assert len(leaks(TEXT)) == len(FORMS)


def test_what_the_catalog_names_is_no_secret(known, context):
    module.hide_secrets_of(context)

    text = "'db-of-ada' is not defined; no customers in table"
    assert module.text(text) == text


def test_a_project_without_a_catalog_has_no_inline_credentials(known, tmp_path):
    loader = OmegaConfigLoader(str(tmp_path), base_env="base", default_run_env="local")
    module.hide_secrets_of(
        SimpleNamespace(config_loader=loader, _get_config_credentials=dict)
    )

    assert module.hidden() == []


def ordinary_lines():
    """What errors say, and the lines of code that raise them, in libraries."""
    names = ["kedro.io", "kedro.config", "kedro.pipeline", "kedro.framework.cli"]
    names += ["omegaconf", "click", "json", "configparser", "argparse", "tarfile"]
    names += ["smtplib", "shutil", "subprocess"]
    for name in names:
        origin = Path(find_spec(name).origin)
        package = origin.name == "__init__.py"
        for file in origin.parent.rglob("*.py") if package else [origin]:
            source = file.read_text("utf-8")
            lines = source.splitlines()
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Raise):
                    yield lines[node.lineno - 1].strip()
                    yield from (
                        part.value
                        for part in ast.walk(node)
                        if isinstance(part, ast.Constant)
                        and isinstance(part.value, str)
                    )


def test_ordinary_lines_of_errors_and_tracebacks_are_left_alone(known):
    lines = set(ordinary_lines())

    assert len(lines) > 500
    assert [line for line in lines if module.text(line) != line] == []


def test_a_thousand_sessions_cost_what_one_costs(known, context):
    """A notebook, ``kedro server`` or a test suite runs them in one process."""

    def session():
        begin = time.process_time()
        module.hide_secrets_of(context)
        module.hide(module.secrets(PARAMETERS, everything=False))
        module.text(TEXT[:1_000])
        return time.process_time() - begin

    session()
    first = min(session() for _ in range(20))
    held = len(module._WAYS), len(module._SECRETS)
    took = [session() for _ in range(1_000)]

    assert (len(module._WAYS), len(module._SECRETS)) == held
    assert min(took[-20:]) < 2 * first
