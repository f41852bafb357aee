"""What the tests of preflight share: asking, being refused, and that nothing is written."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from branches_helpers import Kedro
from steel_toes_helpers import Workshop

NO_TOOLS = "code: {ruff: off, mypy: off}"


class Deck:
    """A project on main, and its ``kedro``, quick to start."""

    def __init__(self, workshop: Workshop, kedro: Kedro) -> None:
        self.workshop = workshop
        self.kedro = kedro
        self.settings()

    def settings(self, text: str = "", env: str = "base") -> None:
        """Write ``ops.yml``, with settings of preflight; no tool looks at the code."""
        lines = "".join(f"  {line}\n" for line in [NO_TOOLS, *text.splitlines()])
        self.workshop.settings(f"preflight:\n{lines}", env)

    def all_problems(self, *args: str, code: int, **env: str) -> list[dict[str, Any]]:
        """The rows of ``kedro preflight``, which must end with ``code``."""
        with self.nothing_written():
            ended, said = self.said("preflight", *args, "--json", **env)
        assert ended == code, said
        assert "Traceback" not in said, said
        # What it says on stderr may come before it or after it.
        [found] = [line for line in said.splitlines() if line.startswith("[")]
        rows: list[dict[str, Any]] = json.loads(found)
        return rows

    def problem(self, *args: str, code: int = 1, **env: str) -> dict[str, Any]:
        """The only row of ``kedro preflight``."""
        rows = self.all_problems(*args, code=code, **env)
        assert len(rows) == 1, rows
        return rows[0]

    def stopped(self, *args: str, **env: str) -> str:
        """What ``kedro run`` says as preflight stops it: a table and one line."""
        with self.nothing_written():
            code, said = self.said("run", *args, **env)
        assert code == 1, said
        assert "Traceback" not in said, said
        assert said.splitlines()[-1].startswith("Error: The run was not started"), said
        return said

    def said(self, *args: str, **env: str) -> tuple[int, str]:
        """The exit code of ``kedro``, and what it said."""
        env = {"COLUMNS": "1000", **env}  # nothing is wrapped in a table
        if "Parallel" not in " ".join(args):
            return self.kedro(*args, env={**env, "PWD": str(self.workshop.path)})
        # It starts a process that a quick kedro, which ends at once, would leave behind.
        result = self.workshop.kedro(*args, check=False, **env)
        return result.returncode, result.stdout + result.stderr

    def runs(self, *args: str, **env: str) -> str:
        """What ``kedro run`` says as it succeeds."""
        code, said = self.said("run", *args, **env)
        assert code == 0, said
        return said

    @contextlib.contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Whatever happens, every file and folder of the project stays as it is."""
        before = self._tree()
        yield
        assert self._tree() == before

    def _tree(self) -> dict[Path, bytes | None]:
        return {
            path: path.read_bytes() if path.is_file() else None
            for path in sorted(self.workshop.path.rglob("*"))
            if not {".git", "__pycache__"} & set(path.parts)
        }


@pytest.fixture
def deck(workshop: Workshop) -> Deck:
    """The project raw -> mid -> out on main, with a healthy base."""
    workshop.switch("main")
    return Deck(workshop, Kedro(workshop))
