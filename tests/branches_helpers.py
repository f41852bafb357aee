"""What the tests of ``kedro branches`` share."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from quick_kedro import quick_kedro
from steel_toes_helpers import Workshop

MANIFEST = "data/.ops/manifest"


class Kedro:
    """Runs ``kedro`` in a project, in forks of one process: ten times as quick."""

    modules: tuple[str, ...] = ()  # that its process imports, besides those of each

    def __init__(self, workshop: Workshop) -> None:
        self.path = workshop.path
        self.quick = quick_kedro(workshop.without, *self.modules)

    def __call__(
        self,
        *args: str,
        env: dict[str, str] | None = None,
        kill: tuple[str, float] | None = None,
    ) -> tuple[int, str]:
        """Run a command; return its exit code and what it said.

        Args:
            args: of ``kedro``.
            env: variables for this command.
            kill: once a file of that pattern is there, and so many seconds after.
        """
        env = {"PWD": str(self.path), **(env or {})}
        ended = self.quick.run(
            ["kedro", *args], cwd=Path(env["PWD"]), env=env, merge=True, kill=kill
        )
        return ended.returncode, ended.stdout

    def ask(self, *args: str, code: int = 0, **env: str) -> list[dict[str, Any]]:
        """The rows that ``kedro branches`` answers with; it must end with ``code``."""
        ended, said = self("branches", *args, "--json", env=env)
        assert ended == code, said
        assert "Traceback" not in said, said
        # Kedro prints a line of its own before, and our own words may come after.
        (answer,) = [
            line for line in said.splitlines() if line.startswith("[{") or line == "[]"
        ]
        rows: list[dict[str, Any]] = json.loads(answer)
        return rows

    def refuse(self, *args: str, code: int = 1, **env: str) -> str:
        """The one line with which ``kedro branches`` must be refused."""
        ended, said = self("branches", *args, env=env)
        assert ended == code, said
        assert "Traceback" not in said, said
        (line,) = [line for line in said.splitlines() if line.startswith("Error: ")]
        return line

    def run(self, *args: str, **env: str) -> str:
        """Run the project; return what it said, in one line."""
        code, said = self("run", *args, env=env)
        assert code == 0, said
        return " ".join(said.split())


@pytest.fixture
def kedro(workshop: Workshop) -> Kedro:
    return Kedro(workshop)


def records(workshop: Workshop, branch: str = "dev") -> dict[str, dict[str, Any]]:
    """The manifest's records of a branch, by dataset; each is whole."""
    folder = workshop.path / MANIFEST / branch
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.jsonl")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    lines = [line for line in lines if not line.get("closed")]
    last = {
        line["dataset"]: line for line in sorted(lines, key=lambda line: line["at"])
    }
    return {name: line for name, line in last.items() if not line.get("gone")}


def enter(workshop: Workshop, branch: str, record: dict[str, Any]) -> Path:
    """Enter a record in the manifest, in a file of its own."""
    file = workshop.path / MANIFEST / branch / f"{uuid4().hex}.jsonl"
    text = json.dumps({**record, "at": time.time()})
    file.write_text(f"{text}\n", encoding="utf-8")
    return file
