"""A way to reach people: the seam behind which each service has one class.

``ops.yml`` names the class, as the catalog names a dataset's: ``type: module.Class``, in
``ops/`` or in any package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from attrs import define
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ..core.errors import OpsError
from .message import Message

T = TypeVar("T")


class ChannelError(Exception):
    """A message did not get through; the text says what the server answered."""


@define
class ChannelOptions:
    """What every channel has in ``notifications.channels``; others have more."""

    type: str = ""
    credentials: str = ""  # an entry in credentials.yml
    to: list[str] = []  # noqa: RUF008, RUF012  OmegaConf copies it


class Channel:
    """The base of all channels. A new one has its own ``send``, and what else it needs.

    An object is made for each run. It imports what it needs in ``prepare``, which is
    called when there is something to say, and no sooner.
    """

    Options: type[ChannelOptions] = ChannelOptions
    needs = ""  # a package that has to be installed
    edits = False  # whether a message can be changed when the run has ended

    def __init__(
        self, name: str, settings: Mapping[str, Any], credentials: Any
    ) -> None:
        """Take the name and what stands under it, with the entry of the credentials.

        Raises:
            OpsError: for what is no setting of it.
        """
        self.name, self.credentials = name, credentials
        self.options: Any = _checked(self.Options, settings, name)

    def problems(self) -> Iterator[str]:
        """What is missing or wrong, as far as it is known without asking anybody."""
        name = self.options.credentials
        if self.needs and find_spec(self.needs) is None:
            yield f"{self.needs} is not installed: pip install {self.needs}"
        if name and self.credentials is None:
            yield f"credentials.yml has no '{name}'"

    def prepare(self) -> None:
        """Import what it takes to send."""

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send a message.

        Args:
            message: what to say.
            to: whom, as they are written in ``ops.yml``.
            seconds: how long all of it may take; who takes longer is left alone.

        Returns:
            What the server answered.

        Raises:
            ChannelError: if it did not get through to all of them.
        """
        raise NotImplementedError


def open_one(name: str, settings: Any, credentials: Mapping[str, Any]) -> Channel:
    """A channel of ``ops.yml``.

    Raises:
        OpsError: if there is no class for it, or its settings are wrong.
    """
    path = f"notifications.channels.{name}"
    if not isinstance(settings, Mapping) or "type" not in settings:
        raise OpsError(f"ops.yml: '{path}' needs a type: module.Class.")
    cls = _class(str(settings["type"]), path)
    entry = settings.get("credentials")
    return cls(name, settings, credentials.get(entry) if entry else None)


def _class(name: str, path: str) -> type[Channel]:
    module, _, cls = name.rpartition(".")
    for full in (f"{__package__}.{module}", module):
        try:
            found = getattr(import_module(full), cls, None) if module else None
        except ModuleNotFoundError as error:
            if error.name and full.startswith(error.name):
                continue  # it is not this one
            raise OpsError(
                f"ops.yml: '{path}.type' cannot be imported: {error}."
            ) from error
        if isinstance(found, type) and issubclass(found, Channel):
            return found
    raise OpsError(
        f"ops.yml: '{path}.type' is '{name}', which is no class of a channel."
    )


def _checked(cls: type[T], given: Mapping[str, Any], name: str) -> T:
    path = f"notifications.channels.{name}"
    try:
        schema = OmegaConf.structured(cls)
        return OmegaConf.to_object(OmegaConf.merge(schema, dict(given)))  # type: ignore[return-value]
    except (OmegaConfBaseException, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        key = ".".join(filter(None, [path, getattr(error, "full_key", "")]))
        raise OpsError(f"ops.yml: '{key}' is wrong: {reason}.") from error
