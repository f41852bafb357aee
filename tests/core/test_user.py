"""Whoever runs is known by name, if there is a name."""

import pytest
from kit import ops

module = ops("core.user")


def test_the_user_is_who_the_system_says(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert module.user() == "ada"


@pytest.mark.parametrize("error", [ImportError, KeyError, OSError])
def test_a_container_may_not_know_who_it_is(monkeypatch, error):
    def refuse():
        raise error

    monkeypatch.setattr(module.getpass, "getuser", refuse)
    assert module.user() == ""
