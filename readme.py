"""Write the tables of the pages that are made from data, between their markers."""

import json
from pathlib import Path
from typing import Any

import yaml

from settings_reference import settings

ROOT = Path(__file__).parent
PAGES = ["README.md", "docs/settings.md"]


def options() -> str:
    """Each option with its default, in the words in which it is asked."""
    defaults = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    prompts = yaml.safe_load((ROOT / "prompts.yml").read_text(encoding="utf-8"))
    rows = [
        f"| `{key}` | {defaults[key]} | {' '.join(prompt['text'].split())} |"
        for key, prompt in prompts.items()
        if key != "project_name"
    ]
    return "\n".join(["| Option | Default | What it does |", "|---|---|---|", *rows])


def benchmark() -> str:
    """The measured medians beside their targets."""
    report = (ROOT / "benchmarks" / "bench_steel_toes.json").read_text(encoding="utf-8")
    rows = [
        f"| {name} | {ratio(result, 'trunk')} | {ratio(result, 'branch')} |"
        for name, result in json.loads(report)["results"].items()
    ]
    return "\n".join(["| | On main | On a branch |", "|---|---|---|", *rows])


def ratio(result: dict[str, Any], side: str) -> str:
    return f"{result[side]['cpu']['median']:.2f} (target {result['targets'][side]:.2f})"


def up_to_date(text: str) -> str:
    """The text with each table that it has made anew."""
    for table in (options, benchmark, settings):
        marker, end = f"<!-- {table.__name__} -->", "<!-- end -->"
        if marker not in text:
            continue
        before, rest = text.split(marker)
        after = rest.partition(end)[2]
        text = f"{before}{marker}\n{table()}\n{end}{after}"
    return text


if __name__ == "__main__":
    for page in PAGES:
        text = (ROOT / page).read_text("utf-8")
        (ROOT / page).write_text(up_to_date(text), encoding="utf-8")
