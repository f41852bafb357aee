"""Who keeps a record is told what was left out."""

from kit import ops


def test_listeners_are_told(monkeypatch):
    skipped, told = ops("core.skipped_nodes"), []
    monkeypatch.setattr(skipped, "_LISTENERS", [])
    skipped.report("nobody", "listens")
    skipped.listen(lambda node, reason: told.append((node, reason)))
    skipped.report("clean", "unchanged")

    assert told == [("clean", "unchanged")]
