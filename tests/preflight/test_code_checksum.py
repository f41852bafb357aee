"""What decides what a tool says."""

import os
import sysconfig

from kit import ops

code_hash = ops("preflight.code_checksum").code_hash


def test_only_what_matters_changes_it(tmp_path):
    def now(tool="pytest"):
        return code_hash(tmp_path, ["src", "one.py", "none"], tool)

    (tmp_path / "src" / "a").mkdir(parents=True)
    (tmp_path / "one.py").write_text("x = 1")
    seen = [now()]
    (tmp_path / "src" / "a" / "b.txt").write_text("x")
    assert now() == seen[0]
    for name in ("src/a/b.py", "src/a/b.pyi", "one.py", "mypy.ini"):
        (tmp_path / name).write_text("y = 1")
        seen.append(now())
    seen.append(now("pluggy"))

    assert len(set(seen)) == len(seen)


def test_an_installation_changes_it(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda key: str(site))
    before = code_hash(tmp_path, [], "pytest")
    os.utime(site, ns=(1, 1))

    assert code_hash(tmp_path, [], "pytest") != before


def test_a_tool_that_is_not_installed_has_none(tmp_path):
    assert code_hash(tmp_path, [], "no-such-tool") is None
