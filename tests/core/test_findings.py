"""Checks reach whoever listens, and nobody has to."""

from kit import ops

module = ops("core.findings")


def test_a_check_reaches_all_who_listen(monkeypatch):
    monkeypatch.setattr(module, "_LISTENERS", [])
    heard = []
    module.report("guard", "cars", "error", True, "nobody listens")
    module.listen(lambda *check: heard.append(check))
    module.listen(lambda *check: heard.append(check[1]))

    module.report("guard", "cars", "warning", False, "12 rows")

    assert heard == [("guard", "cars", "warning", False, "12 rows"), "cars"]
