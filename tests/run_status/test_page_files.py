"""The page as files: what is in it, how large it is, how it is replaced."""

import base64
import hashlib
import json
import re
import time

import pytest
from kit import ops

from .some_runs import START, failed, going_on, run, runs, wide

status_page = ops("run_status.page_files")
Shown = ops("run_status.page_runs").Shown


def data(page):
    [text] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(text)


def shown(*runs):
    return [Shown(run) for run in runs]


def page_of(runs, **how):
    return status_page.page(shown(*runs), **how)


def history(count, steps=lambda: None):
    return [
        run(f"r{number:03}", steps(), at=START + 3600 * number)
        for number in range(count)
    ]


def test_the_page_is_one_file(tmp_path):
    file = status_page.write(tmp_path / "new" / "folder", shown(run()))

    assert file == tmp_path / "new" / "folder" / "index.html"
    assert [each.name for each in file.parent.iterdir()] == ["index.html"]
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"@@\w+@@", text)
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_runs_are_the_newest_first():
    page = page_of([run("old"), run("new", at=START + 60)])

    assert [each["key"] for each in data(page)["runs"]] == ["new", "old"]


def test_runs_of_one_pipeline_share_its_drawing():
    known = data(page_of(history(5)))

    [graph] = known["graphs"]
    assert {each["graph"] for each in known["runs"]} == {graph["key"]}


def test_only_what_the_policy_names_may_run():
    text = page_of([run()])
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)

    for tag in ("style", "script"):
        [inline] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = hashlib.sha256(inline.encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|style=|javascript:", text.partition("<style>")[0])


def test_a_store_without_runs_has_a_page():
    assert data(page_of([]))["runs"] == []


def test_many_runs_of_a_large_pipeline_fit():
    text = page_of(history(30, lambda: wide(1000)))

    assert len(text) < 400_000
    details = [each["detail"] for each in data(text)["runs"]]
    assert details == sorted(details, reverse=True)
    assert details[0] >= 2
    assert details[-1] == 0
    assert len(details) == 30


def test_runs_of_a_small_pipeline_are_all_there_with_their_columns():
    known = data(page_of(history(10)))

    assert {each["detail"] for each in known["runs"]} == {3}


def test_the_newest_run_is_there_however_large_it_is():
    newest, older = data(page_of(history(2, lambda: wide(4000))))["runs"]

    assert (newest["detail"], older["detail"]) == (2, 0)


def test_a_page_for_others_says_so():
    known = data(page_of([failed()], publish=True))

    assert known["published"]
    assert "Traceback" not in json.dumps(known)


def test_hostile_names_end_no_script():
    text = page_of([failed(message="</script><script>alert(1)</script>")])

    assert "alert(1)</script>" not in text
    assert data(text)["runs"][0]["failure"][1].startswith("</script>")


def test_status_says_how_a_run_stands(tmp_path):
    page = status_page.StatusPage(tmp_path)
    page.update(*shown(going_on("key-1", done=1)))
    page.update(*shown(going_on("key-1", done=3)))

    [file] = tmp_path.rglob("*.*")
    assert file == tmp_path / "key-1" / "status.js"
    text = file.read_text(encoding="utf-8")
    told = json.loads(text.removeprefix("opsStatus(").removesuffix(");\n"))
    assert told["key"] == "key-1"
    assert [node[0] for node in told["nodes"]] == [2, 2, 2, 1]


def test_status_fits_the_page_that_was_written_before(tmp_path):
    going = going_on()
    [graph] = data(page_of([going]))["graphs"]
    said = []
    page = status_page.StatusPage(tmp_path, put=lambda *args: said.append(args))
    page.update(*shown(going))

    [(name, text)] = said
    assert name == "r3/status.js"
    assert f'"graph":"{graph["key"]}"' in text


def test_another_file_system_is_written_by_put(tmp_path):
    said = {}
    status_page.write(tmp_path / "none", shown(run()), put=said.__setitem__)

    assert list(said) == ["index.html"]
    assert not (tmp_path / "none").exists()


def test_a_reader_never_finds_half_a_page(tmp_path, monkeypatch):
    folder = status_page.Folder(tmp_path)
    folder.put("index.html", "old")

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(status_page.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        folder.put("index.html", "new")
    assert (tmp_path / "index.html").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_large_page_is_written_quickly(tmp_path):
    large = run(steps=wide(1000))
    status_page.write(tmp_path, shown(run()))

    start = time.process_time()
    status_page.write(tmp_path, shown(large))
    assert time.process_time() - start < 1  # about a twentieth on a machine at rest


def test_states_have_the_words_of_the_model():
    known = data(page_of([run()]))

    assert known["states"] == [state.value for state in runs.State]
    assert known["phases"] == ["loading", "computing", "saving"]


def test_a_run_is_drawn_once_however_often_it_is_written(monkeypatch):
    drawn = []
    layout = ops("run_status.graph").draw
    monkeypatch.setattr(
        ops("run_status.graph"), "draw", lambda *args: drawn.append(1) or layout(*args)
    )
    steps = wide(17)
    for make in (going_on, run):
        page_of([make(steps=steps)])

    assert len(drawn) == 1
