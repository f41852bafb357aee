"""What the tests of ``kedro branches`` share."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from quick_kedro import QuickKedro
from steel_toes_helpers import Workshop

MANIFEST = "data/.ops/manifest"


class Kedro:
    """Runs ``kedro`` in a project, in forks of one process: ten times as quick."""

    modules: list[str] = []  # that its process imports, besides those of every one

    def __init__(self, workshop: Workshop) -> None:
        self.path = workshop.path
        self.quick = QuickKedro(workshop.without, self.modules)

    @classmethod
    @contextmanager
    def anywhere(
        cls, without: Path, folders: pytest.TempPathFactory
    ) -> Iterator["Kedro"]:
        """One for the projects of many tests: each command says where it is run."""
        folder = folders.mktemp("quick") / "any"
        folder.mkdir()
        kedro = cls(Workshop(folder, without))
        yield kedro
        kedro.close()

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
            args, cwd=Path(env["PWD"]), env=env, merge=True, kill=kill
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

    def close(self) -> None:
        self.quick.close()


@pytest.fixture
def kedro(workshop: Workshop) -> Iterator[Kedro]:
    kedro = Kedro(workshop)
    yield kedro
    kedro.close()


def records(workshop: Workshop, branch: str = "dev") -> dict[str, dict[str, Any]]:
    """The manifest's records of a branch, by dataset; each is whole."""
    folder = workshop.path / MANIFEST / branch
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.jsonl")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
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
