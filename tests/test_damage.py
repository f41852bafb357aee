"""A store that others damage: every reader skips the damage and goes on.

Any file becomes random bytes, a folder, a link, a huge file or nothing; any value in a
record becomes another one.
"""

import json
import os
import random
import shutil
import sys

import pytest
from kit import ops
from run_status.test_replay import ENDED, WHOLE, main, text

Store = ops("core.store").Store


@pytest.fixture
def store(tmp_path):
    """Two runs, a manifest, what was made, and the claim of a run."""
    url = str(tmp_path / "ops")
    runs = Store(f"{url}/runs")
    for key in ("r1", "r2"):
        runs.write(f"{key}/20260101T000000-vm.jsonl", text(main(*WHOLE, ENDED)))
    manifest = ops("steel_toes.manifest")
    for dataset in ("cars", "bikes"):
        manifest.Manifest(Store(url)).write(
            manifest.Record("dev", dataset, "file:///x", manifest.now(), bytes=3)
        )
    history = ops("skip_unchanged.history")
    log = history.NodeHistory(url, {}, "dev")
    log.add(history.GroupRecord("k", "h", seconds={"a": 1.0}, branch="dev"))
    log.close()
    ops("skip_unchanged.claims").RunMark(url, {}).begin(["a"])
    return url


def read_all(url):
    """What each reader finds, as a process that has read nothing before."""
    manifest = ops("steel_toes.manifest")
    manifest._OPEN.clear()
    records = manifest.Manifest(Store(url))
    records.read("dev", "cars")
    nodes = ops("skip_unchanged.history")
    log = nodes.NodeHistory(url, {}, "new")
    mark = ops("skip_unchanged.claims").RunMark(url, {})
    mark.begin(["b"])
    terminal = ops("run_status.terminal")
    runs = list(ops("run_status.history").History(Store(f"{url}/runs")))
    for run in runs:
        terminal.row(run)
        json.dumps(terminal.as_data(run))
    found = {
        "runs": len(runs),
        "records": sum(record.bytes or 0 for record in records.records()),
        "made": log.last("k") is not nodes.NEVER and len([*log.find("h")]),
        "alone": mark.alone_at(["b"]),
    }
    mark.end()
    return found


def files(url):
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(url)
        for name in names
    ]


def noise(path):
    with open(path, "wb") as file:
        file.write(random.randbytes(500) + b"\n" + random.randbytes(500))


def folder(path):
    os.unlink(path)
    os.mkdir(path)


def link(path):
    os.unlink(path)
    os.symlink(path, path)


def huge(path):
    os.truncate(path, 2**40)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files")
@pytest.mark.parametrize("damage", [noise, folder, link, huge, os.unlink])
def test_whatever_stands_in_the_place_of_a_file_stops_no_reader(
    store, tmp_path, damage
):
    whole = read_all(store)
    assert whole == {"runs": 2, "records": 6, "made": 3, "alone": True}
    for number, path in enumerate(files(store)):
        copy = str(tmp_path / f"copy-{number}")
        shutil.copytree(store, copy)
        damage(path.replace(store, copy))
        found = read_all(copy)
        assert sum(found[name] != whole[name] for name in whole) <= 1


HOSTILE = [None, [], {}, "x", -1, 10**400, 1e400, True, ["\udcff"], {"x": [1e400]}]


def test_no_value_in_a_record_stops_a_reader(store, tmp_path):
    random.seed(11)
    shutil.rmtree(os.path.join(store, "runs"))
    for number in range(100):
        copy = str(tmp_path / f"copy-{number % 2}")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(store, copy)
        path = random.choice(files(copy))
        with open(path, encoding="utf-8") as file:
            lines = [*map(json.loads, file)]
        changed = _change_one(random.choice(lines))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in lines)
        try:
            read_all(copy)
        except Exception as error:
            raise AssertionError(f"{changed} in {os.path.basename(path)}") from error


def _change_one(value):
    """Put a hostile value in the place of one somewhere in a line."""
    while True:
        key = random.choice(
            [*(value if isinstance(value, dict) else range(len(value)))]
        )
        inside = value[key]
        if not isinstance(inside, (dict, list)) or not inside or random.random() < 0.3:
            value[key] = random.choice(HOSTILE)
            return key, value[key]
        value = inside
