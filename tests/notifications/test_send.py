"""Channels, and sending through several within a bound of time."""

import time

import pytest
from kit import ops

from .notification_samples import Broken, Recorder, Slow, sample

module = ops("notifications.send")
OpsError = ops("core.errors").OpsError
TYPE = f"{__package__}.notification_samples.Recorder"


def opened(**settings):
    known = {"secret": {"token": "abc"}}
    return module.open_channel("mine", {"type": TYPE, **settings}, known)


def test_a_class_of_any_package_is_a_channel():
    channel = opened(to=["#a"], credentials="secret")

    assert isinstance(channel, Recorder)
    assert channel.options.to == ["#a"]
    assert channel.credentials == {"token": "abc"}
    assert list(channel.problems()) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("Kept", "needs type: module.Class"),
        ({"to": []}, "needs type: module.Class"),
        ({"type": "Kept"}, "needs type: module.Class"),
        ({"type": "nowhere.at.all.Kept"}, "No module named 'nowhere'"),
        ({"type": "message.Message"}, "is not the class of a channel"),
        ({"type": f"{__package__}.lost.Lost"}, "cannot be imported: No module"),
        (
            {"type": TYPE, "too": []},
            "'notifications.channels.mine.too' does not exist. Did you mean 'to'",
        ),
        (
            {"type": TYPE, "to": {"a": 1}},
            "'notifications.channels.mine.*' has a wrong value",
        ),
    ],
)
def test_a_wrong_entry_is_one_line(settings, said):
    with pytest.raises(OpsError, match=said):
        module.open_channel("mine", settings, {})


def test_a_class_whose_package_is_not_installed_says_so(tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text("import not_installed_anywhere")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(OpsError, match="No module named 'not_installed_anywhere'"):
        module.open_channel("mine", {"type": "needy.Needy"}, {})


def test_problems_of_a_channel_leave_the_others_able(monkeypatch):
    def refuse(self, *known):
        raise RuntimeError("not mine")

    channels = {
        "good": {"type": TYPE},
        "lost": {"type": TYPE, "credentials": "lost"},
        "odd": {"type": "x.Y"},
        "own": {"type": f"{__package__}.notification_samples.Broken"},
    }
    monkeypatch.setattr(Broken, "problems", refuse)
    able, problems = module.open_channels(channels, {})

    assert [channel.name for channel in able] == ["good"]
    assert problems["lost"] == ["lost: 'lost' is not defined in credentials.yml"]
    assert problems["own"] == ["own: RuntimeError: not mine"]
    assert problems.keys() == {"lost", "odd", "own"}


def test_a_channel_has_to_send():
    with pytest.raises(NotImplementedError):
        module.Channel("mine", {}, None).send(sample(), [], 1)


def send(*classes, seconds=5.0):
    deliveries = [
        module.Delivery(sample(), cls(cls.__name__, {}, None), ["#a"])
        for cls in classes
    ]
    return module.send(deliveries, time.monotonic() + seconds)


def test_each_channel_answers_whatever_others_do():
    results = send(Broken, Recorder)

    assert [result.ok for result in results] == [False, True]
    text = "RuntimeError: it does not work, and nobody knows why"
    assert [result.text for result in results] == [text, "recorded"]


def test_an_answer_steers_no_terminal_and_shows_no_secret(monkeypatch):
    answer = "no\x1b[2J\x9b31m password=hunter2\r\n[/]"
    monkeypatch.setattr(Recorder, "send", lambda *_: answer)
    [result] = send(Recorder)

    assert result.text == "no\ufffd[2J\ufffd31m password=*** [/]"


def test_a_channel_sends_in_order(monkeypatch):
    channel, sent = Recorder("mine", {}, None), []
    monkeypatch.setattr(Recorder, "send", lambda self, m, *_: sent.append(m.key) or "")
    keys = [f"r{number}" for number in range(9)]
    due = [module.Delivery(sample(key=key), channel, []) for key in keys]
    module.send(due, time.monotonic() + 5)

    assert sent == keys


def test_a_channel_that_takes_too_long_is_abandoned():
    began = time.monotonic()
    recorded, slow = send(Recorder, Slow, seconds=0.1)

    assert time.monotonic() - began < 0.4
    assert recorded.ok
    assert (slow.ok, slow.text) == (False, "no answer within 0 seconds")
