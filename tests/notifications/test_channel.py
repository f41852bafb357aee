"""The seam of the channels."""

import pytest
from kit import ops

from .told_runs import Kept, made

module = ops("notifications.channel")
OpsError = ops("core.errors").OpsError
TYPE = f"{__package__}.told_runs.Kept"


def opened(**settings):
    known = {"secret": {"token": "abc"}}
    return module.open_one("mine", {"type": TYPE, **settings}, known)


def test_a_class_of_any_package_is_a_channel():
    channel = opened(to=["#a"], credentials="secret")

    assert isinstance(channel, Kept)
    assert channel.options.to == ["#a"]
    assert channel.credentials == {"token": "abc"}
    assert list(channel.problems()) == []


def test_what_is_missing_is_told(monkeypatch):
    monkeypatch.setattr(Kept, "needs", "no_such_package")
    problems = list(opened(credentials="other").problems())

    assert problems == [
        "no_such_package is not installed: pip install no_such_package",
        "credentials.yml has no 'other'",
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("Kept", "needs a type: module.Class"),
        ({"to": []}, "needs a type: module.Class"),
        ({"type": "Kept"}, "which is no class of a channel"),
        ({"type": "nowhere.at.all.Kept"}, "which is no class of a channel"),
        ({"type": "message.Message"}, "which is no class of a channel"),
        ({"type": f"{__package__}.lost.Lost"}, "which is no class of a channel"),
        ({"type": TYPE, "too": []}, "'notifications.channels.mine.too' is wrong"),
        ({"type": TYPE, "to": {"a": 1}}, "'notifications.channels.mine' is wrong"),
    ],
)
def test_a_wrong_entry_is_one_line(settings, said):
    with pytest.raises(OpsError, match=said):
        module.open_one("mine", settings, {})


def test_a_class_that_needs_what_is_not_there_says_so(tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text("import not_installed_anywhere")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(OpsError, match="No module named 'not_installed_anywhere'"):
        module.open_one("mine", {"type": "needy.Needy"}, {})


def test_a_channel_has_to_send():
    with pytest.raises(NotImplementedError):
        module.Channel("mine", {}, None).send(made(), [], 1)
    assert module.Channel("mine", {}, None).prepare() is None
