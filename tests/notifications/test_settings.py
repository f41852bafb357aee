"""The settings of notifications."""

import pytest
from kit import ops

module = ops("notifications.settings")
OpsError = ops("core.errors").OpsError


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"check": "off"}, "write error or warn"),
        ({"limit": 0}, "write seconds, up to 10"),
        ({"limit": 11}, "write seconds, up to 10"),
        ({"routes": [module.Route(tags=["a"], to={"x": []})]}, "there are: none"),
        ({"routes": [module.Route()]}, "'notifications.routes.1' fits no run"),
    ],
)
def test_what_a_type_cannot_say_is_one_line(settings, said):
    with pytest.raises(OpsError, match=said):
        module.NotificationOptions(**settings).validate()


def test_the_defaults_are_right():
    module.NotificationOptions().validate()


def test_a_star_is_any_text():
    assert module.fits(["sales_daily", "x"], ["sales*"])
    assert not module.fits(["sales"], ["sales_*"])
    assert not module.fits([], ["*"])
