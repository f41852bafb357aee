"""The settings of notifications."""

import pytest
from kit import ops

module = ops("notifications.settings")
OpsError = ops("core.errors").OpsError


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"check": "off"}, "write error or warn"),
        ({"limit": 0}, "a number of seconds, at most 10"),
        ({"limit": 11}, "a number of seconds, at most 10"),
        ({"routes": [module.Route(tags=["a"], to={"x": []})]}, "Channels: none"),
        ({"routes": [module.Route()]}, "'notifications.routes.1' matches no run"),
    ],
)
def test_a_wrong_value_is_one_line(settings, said):
    with pytest.raises(OpsError, match=said):
        module.NotificationOptions(**settings).validate()


def test_the_defaults_are_valid():
    module.NotificationOptions().validate()
