"""``kedro branches`` on datasets of every kind, and on real git branches."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from branches_helpers import Kedro, enter, records
from helpers import commit, run
from steel_toes_helpers import KINDS_RESULT, WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures", "branches_helpers"]

KINDS = [
    "cached",
    "cached_versions",
    "parts",
    "plain",
    "result",
    "some_by_pattern",
    "two_ways@text",
    "versioned",
]


def test_data_of_every_kind_are_listed_compared_promoted_and_cleaned(
    kinds: Workshop, kedro: Kedro
) -> None:
    kedro.run()
    before = kinds.files()

    (row,) = kedro.ask("list")
    assert (row["branch"], row["git"], row["datasets"]) == ("dev", "gone", len(KINDS))
    assert row["compared_with_main"] == {"ahead": len(KINDS)}
    assert row["bytes"] == sum(each["bytes"] for each in records(kinds).values())
    rows = kedro.ask("diff", code=10)
    assert {row["dataset"]: row["state"] for row in rows} == dict.fromkeys(
        KINDS, "changed"
    )
    rows = kedro.ask("promote", "dev", code=10)
    assert {row["dataset"]: row["action"] for row in rows} == dict.fromkeys(
        KINDS, "copy"
    )
    assert kinds.files() == before

    kedro.ask("promote", "dev", "--yes")
    assert json.loads(kinds.read("data/result.json")) == KINDS_RESULT
    assert kinds.read("data/some.txt") == "by_pattern(plain(raw))"
    assert kinds.read("data/cached.txt") == "cached(plain(raw))"
    assert kinds.read("data/two_ways.json") == '["two_ways(plain(raw))"]'
    parts = kinds.path / "data" / "parts"
    assert sorted(os.listdir(parts)) == ["one.txt", "two.txt"]
    catalog = "print([catalog.load(n) for n in ('versioned', 'cached_versions')])\n"
    said = kinds.kedro("ipython", stdin=catalog, STEEL_TOES_BRANCH="main").stdout
    assert "['versioned(plain(raw))', 'cached(plain(raw))']" in said
    assert {row["state"] for row in kedro.ask("diff")} == {"same"}

    base = kinds.base_files("dev")
    rows = kedro.ask("clean", "dev", "--yes")
    assert {row["result"] for row in rows} == {"removed"}
    assert kinds.files() == base
    assert kedro.ask("list") == []
    assert list((kinds.path / "data").rglob(".*")) == [kinds.path / "data" / ".ops"]


def test_the_answers_and_the_exit_codes_fit_scripts(
    workshop: Workshop, kedro: Kedro
) -> None:
    assert kedro.ask("list") == []
    assert kedro.ask("diff") == []
    assert kedro.ask("path", "mid")[0]["read_from"].endswith("data/mid.txt")
    kedro.run()
    assert kedro.ask("path", "mid")[0]["read_from"].endswith("data/mid_dev.txt")
    assert kedro.ask("path", "mid", STEEL_TOES_BRANCH="main")[0]["written_to"].endswith(
        "data/mid.txt"
    )

    rows = kedro.ask("diff", code=10)
    assert rows[0] == {"dataset": "mid", "state": "changed", "changes": []}
    assert rows[1]["changes"] == ["bytes: 10 -> 17"]
    assert "Branch 'x' has no data" in kedro.refuse("diff", "x")
    assert "Branch 'x' has no data" in kedro.refuse("promote", "x")
    assert "Branch 'x' has no data" in kedro.refuse("clean", "x")
    assert "no dataset 'x'" in kedro.refuse("path", "x")
    assert "conf/nope" in kedro.refuse("list", "--env=nope")
    assert "No such option" in kedro.refuse("list", "--x", code=2)
    shown = workshop.kedro("branches", "list").stdout
    assert "Branches with data" in shown


def test_main_is_main_s_data_also_if_a_fork_has_a_branch_called_main(
    kedro: Kedro,
) -> None:
    fork = {"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "main"}
    kedro.run(**fork)

    assert kedro.ask("list")[0]["branch"] == "main"
    assert kedro.ask("diff", "main", "master") == kedro.ask("diff", "main") == []
    assert kedro.ask("diff", STEEL_TOES_BRANCH="main") == []
    assert {row["state"] for row in kedro.ask("diff", code=10, **fork)} == {"changed"}


def test_a_promotion_stops_if_the_base_has_moved(
    workshop: Workshop, kedro: Kedro
) -> None:
    kedro.run()
    workshop.write({"data/out.txt": "moved"})
    before = workshop.files()

    error = kedro.refuse("promote", "dev", "--yes")
    assert "because of: out." in error
    assert workshop.files() == before
    kedro.ask("promote", "dev", "--dataset=mid", "--yes")
    assert (workshop.read("data/mid.txt"), workshop.read("data/out.txt")) == (
        "clean(raw)",
        "moved",
    )
    kedro.ask("promote", "dev", "--force", "--yes")
    assert workshop.read("data/out.txt") == "total(clean(raw))"


def test_a_copy_that_fails_half_way_leaves_the_base(
    workshop: Workshop, kedro: Kedro
) -> None:
    kedro.run()
    out = workshop.path / "data" / "out_dev.txt"
    out.unlink()
    out.mkdir()
    (out / "loop").symlink_to("loop")  # it can be listed, and not be copied
    before = workshop.files()

    line = kedro.refuse("promote", "dev", "--force", "--yes")
    assert "loop" in line
    assert workshop.files() == before
    assert workshop.read("data/mid.txt") == WRONG


def git(workshop: Workshop, *args: str) -> None:
    run("git", *args, cwd=workshop.path)


def save_on(workshop: Workshop, *names: str) -> None:
    workshop.sessions(*(({}, {"STEEL_TOES_BRANCH": name}) for name in names))


def branches_of(rows: list[dict[str, object]]) -> set[object]:
    return {row["branch"] for row in rows}


def test_a_clone_of_one_branch_asks_its_remotes_before_it_cleans_for_everyone(
    workshop: Workshop, kedro: Kedro, tmp_path: Path
) -> None:
    commit(workshop.path)
    git(workshop, "clone", "--quiet", "--bare", ".", str(tmp_path / "remote"))
    git(workshop, "push", "--quiet", str(tmp_path / "remote"), "HEAD:refs/heads/theirs")
    git(workshop, "remote", "add", "origin", str(tmp_path / "remote"))
    save_on(workshop, "theirs", "gone")

    rows = kedro.ask("clean", "--everyone", code=10)
    assert branches_of(rows) == {"gone"}

    git(workshop, "remote", "set-url", "origin", str(tmp_path / "nowhere"))
    error = kedro.refuse("clean", "--everyone", "--yes")
    assert error.startswith("Error: Cannot tell which branches are gone: git says: ")
    assert workshop.has("data/mid_gone.txt")


def test_only_branches_that_are_gone_or_merged_are_cleaned(
    workshop: Workshop, kedro: Kedro
) -> None:
    commit(workshop.path)  # on dev, which is the current one
    git(workshop, "branch", "main", "--force")
    for name in ("merged", "forward", "open"):
        git(workshop, "switch", "--quiet", "--create", name, "main")
        workshop.write({f"{name}.txt": name})
        commit(workshop.path)
    git(workshop, "switch", "--quiet", "main")
    git(workshop, "merge", "--quiet", "--ff-only", "forward")
    git(workshop, "merge", "--quiet", "--no-ff", "--no-edit", "merged")
    git(workshop, "branch", "fresh")
    git(workshop, "switch", "--quiet", "dev")
    git(workshop, "branch", "--quiet", "old")
    names = ["merged", "forward", "open", "fresh", "dev", "gone", "theirs"]
    save_on(workshop, *names)
    for record in records(workshop, "theirs").values():
        enter(workshop, "theirs", {**record, "user": "b", "host": "c"})

    assert {r["branch"]: r["git"] for r in kedro.ask("list")} == {
        name: "gone" if name in {"gone", "theirs"} else "exists" for name in names
    }
    before = workshop.files()
    assert branches_of(kedro.ask("clean", code=10)) == {"merged", "gone"}
    everyone = kedro.ask("clean", "--everyone", code=10)
    assert branches_of(everyone) == {"merged", "gone", "theirs"}
    old = kedro.ask("clean", "--older-than=0", code=10)
    assert branches_of(old) == {*names} - {"dev"}
    assert kedro.ask("clean", "--older-than=1") == []
    assert workshop.files() == before

    kedro.ask("clean", "--yes")
    kedro.ask("clean", "open", "--dataset=mid", "--yes")
    kept = {"forward", "open", "fresh", "dev", "theirs"}
    assert workshop.files() == {
        path: content
        for path, content in before.items()
        if not any(f"_{name}." in path for name in ("merged", "gone"))
        and path != "data/mid_open.txt"
    }
    assert branches_of(kedro.ask("list")) == kept


def later(workshop: Workshop, name: str) -> None:
    moment = time.time() + 60
    os.utime(workshop.path / name, (moment, moment))


def test_a_copy_that_hides_a_newer_base_is_named_with_the_way_out(
    workshop: Workshop, kedro: Kedro
) -> None:
    kedro.run()
    assert "hides" not in kedro.run("--nodes=total")
    workshop.write({"data/mid.txt": "newer"})
    later(workshop, "data/mid.txt")

    said = kedro.run("--nodes=total")
    assert said.count("copy of 'mid' hides newer data on main") == 1
    command = "kedro branches clean --dataset mid --yes"
    assert command in said
    assert kedro(*command.split()[1:])[0] == 0
    kedro.run("--nodes=total")
    assert workshop.read("data/out_dev.txt") == "total(newer)"


def test_damage_in_the_manifest_is_one_line_and_stops_no_command(
    workshop: Workshop, kedro: Kedro
) -> None:
    kedro.run()
    folder = workshop.path / "data/.ops/manifest/dev"
    before = kedro.ask("list")
    (folder / "1.jsonl").write_bytes(b'\xff\x00garbage\n{"at": 1e400}\n')
    (folder / "2.jsonl").mkdir()

    assert kedro.ask("list") == before
    code, said = kedro("branches", "promote", "dev", "--yes")
    assert code == 0
    assert "Traceback" not in said
    assert " ".join(said.split()).count("damaged lines (2)") == 1
    assert workshop.read("data/mid.txt") == workshop.read("data/mid_dev.txt")
    kedro.run()
    assert records_of(workshop)["mid"]["location"].endswith("mid_dev.txt")


def records_of(workshop: Workshop) -> dict[str, dict[str, Any]]:
    """The records without the damage."""
    folder = workshop.path / "data/.ops/manifest/dev"
    (folder / "1.jsonl").unlink()
    (folder / "2.jsonl").rmdir()
    return records(workshop)


def test_a_forged_manifest_deletes_nothing_but_the_branch_s_data(
    workshop: Workshop, kedro: Kedro
) -> None:
    save_on(workshop, "gone")
    record = records(workshop, "gone")["mid"]
    before = workshop.files()
    clean = ("clean", "gone", "--dataset", "mid", "--yes")
    for place in ["data/mid.txt", "data/raw.txt", "data", "", "data/out_gone.txt"]:
        forged = {**record, "location": f"file://{workshop.path}/{place}"}
        enter(workshop, "gone", forged)
        (row,) = kedro.ask(*clean, code=1)
        assert row["result"].startswith("left:")
        assert workshop.files() == before
    enter(workshop, "gone", record)
    enter(workshop, "gone", {**record, "dataset": "raw"})

    rows = kedro.ask("clean", "gone", "--yes", code=1)
    assert sorted(row["result"][:5] for row in rows) == ["left:"] + ["remov"] * 2
    assert before.keys() - workshop.files().keys() == {
        "data/mid_gone.txt",
        "data/out_gone.txt",
    }


@pytest.mark.parametrize("runner", ["", "ThreadRunner"])
def test_a_store_that_cannot_be_written_fails_no_run(
    workshop: Workshop, kedro: Kedro, runner: str
) -> None:
    workshop.write({"data/.ops": "a file in the place of the folder"})

    said = kedro.run(*([f"--runner={runner}"] if runner else []))
    assert said.count("The manifest in") == 1
    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"
    assert kedro.ask("list") == []
