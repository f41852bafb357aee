"""Tells the code of every edit of a generated project, before and after it.

Runs in any Python that has attrs:
``python code_version_probe.py PROJECT PACKAGE FOLDER``.
"""

import importlib
import json
import sys
from pathlib import Path

project, package, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
sys.path[:0] = [str(project / "src"), str(Path(__file__).parent)]
EDITS = importlib.import_module("code_edits").EDITS
code_version = importlib.import_module(f"{package}.ops.skip_unchanged.code_version")


def code(files: dict[str, str], home: Path) -> list[object]:
    for name, text in files.items():
        path = home / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "own"]:
        del sys.modules[name]
    sys.path.insert(0, str(home))
    try:
        node = importlib.import_module("own.nodes").node
        found = code_version.CodeVersions(home).version(node)
        return [found.digest, found.items, found.opaque]
    finally:
        sys.path.remove(str(home))


sys.stdout.write(
    json.dumps(
        {
            edit.name: [
                code(edit.before(), folder / str(number) / "before"),
                code(edit.after(), folder / str(number) / "after"),
            ]
            for number, edit in enumerate(EDITS)
        }
    )
)
