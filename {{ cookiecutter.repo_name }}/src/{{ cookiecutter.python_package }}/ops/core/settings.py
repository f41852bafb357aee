"""The settings of the guards: ``conf/<env>/ops.yml``, one top-level key per guard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from attrs import asdict, define, field, fields_dict
from kedro.config import (
    AbstractConfigLoader,
    MissingConfigException,
    OmegaConfigLoader,
)
from kedro.framework.context import KedroContext
from omegaconf import OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from . import kedro_internals
from .errors import OpsError

T = TypeVar("T")

STORE = "data/.ops"  # beside the data, and ignored by git as they are

_SECTIONS: dict[str, type] = {}
_LISTS: set[str] = set()


@define
class Ignore:
    """Datasets that a guard ignores, by name or type; ``*`` matches any text."""

    names: list[str] = field(factory=list)
    types: list[str] = field(factory=list)

    def has(self, name: str, kind: str) -> bool:
        """Whether a dataset is one of them."""
        return any(fnmatchcase(name, pattern) for pattern in self.names) or any(
            fnmatchcase(kind, pattern) for pattern in self.types
        )


def settings_section(key: str, many: bool = False) -> Callable[[type[T]], type[T]]:
    """Register a class for the settings under ``key``, with its defaults.

    Args:
        key: a top-level key of ``ops.yml``.
        many: whether there is a list of such settings.
    """

    def register(cls: type[T]) -> type[T]:
        # Nobody compares or prints settings, and every start would pay for that.
        _SECTIONS[key] = define(cls, eq=False, repr=False)
        if many:
            _LISTS.add(key)
        return _SECTIONS[key]

    return register


def read_settings(loader: AbstractConfigLoader, cls: type[T]) -> T:
    """Read the settings of one guard, checked against its class.

    Raises:
        OpsError: for an unknown setting and for a value of the wrong type.
    """
    key, value = _find(loader, cls)
    return checked(cls, value or {}, key)


def read_settings_list(loader: AbstractConfigLoader, cls: type[T]) -> list[T]:
    """Read a list of settings, each checked against its class.

    Raises:
        OpsError: for an unknown setting and for a value of the wrong type.
    """
    key, value = _find(loader, cls)
    return [
        checked(cls, item, f"{key}.{number}")
        for number, item in enumerate(value or [], start=1)
    ]


def check_settings(loader: AbstractConfigLoader) -> None:
    """Read the settings of every guard.

    Raises:
        OpsError: for the first that is wrong.
    """
    for key, cls in _SECTIONS.items():
        read_settings_list(loader, cls) if key in _LISTS else read_settings(loader, cls)


def read_store(loader: AbstractConfigLoader, project_path: Path) -> dict[str, Any]:
    """Read the location of the store.

    Returns:
        ``url``, with an absolute path for a folder, and ``credentials`` if there are any:
        the name of an entry in ``credentials.yml``.

    Raises:
        OpsError: if it is neither a path nor a mapping with these keys.
    """
    given = _load(loader).get("store", STORE)
    store = {"url": given} if isinstance(given, str) else given
    known = {"url", "credentials"}
    texts = isinstance(store, dict) and all(isinstance(v, str) for v in store.values())
    if not texts or "url" not in store or not store.keys() <= known:
        raise OpsError(
            "ops.yml: 'store' is a path or URL, or {url: ..., credentials: ...}."
        )
    if "://" not in store["url"]:
        store = {**store, "url": (project_path / store["url"]).as_posix()}
    return store


def open_store(context: KedroContext) -> tuple[str, dict[str, Any]]:
    """The store of the guards, with the options of its file system.

    Raises:
        OpsError: as ``read_store``, and if its credentials are not there.
    """
    place = read_store(context.config_loader, context.project_path)
    name = place.get("credentials")
    found = credentials_entry(context, name, "store.credentials") if name else {}
    return place["url"], found


def credentials_entry(context: KedroContext, name: str, key: str) -> dict[str, Any]:
    """The entry of ``credentials.yml`` that a setting names.

    Raises:
        OpsError: if there is none.
    """
    known = kedro_internals.credentials(context)
    if name not in known:
        raise OpsError(
            f"ops.yml: '{key}' is '{name}', which is not in credentials.yml."
        )
    return known[name] or {}


def is_guard_on(
    guard: str, default: bool, environ: Mapping[str, str] = os.environ
) -> bool:
    """Whether a guard is on: by its environment variable, else by the default.

    The variable is the guard's name in capitals: ``STEEL_TOES=off kedro run``.

    Raises:
        OpsError: if the variable says neither on nor off, or has the name that it had in
            earlier versions, with ``_ENABLED``.
    """
    variable = guard.upper()
    if f"{variable}_ENABLED" in environ:
        raise OpsError(
            f"{variable}_ENABLED is now {variable}. Use {variable}=on or {variable}=off."
        )
    value = environ.get(variable, "").strip().lower()
    if value in {"true", "1", "yes", "on"}:
        return True
    if value in {"false", "0", "no", "off"}:
        return False
    if value:
        raise OpsError(f"{variable}={value} is not valid. Use on or off.")
    return default


def _find(loader: AbstractConfigLoader, cls: type) -> tuple[str, Any]:
    config = _load(loader)
    config.pop("store", None)
    for name, value in config.items():
        if name not in _SECTIONS:
            raise OpsError(f"ops.yml: {_no_setting(name, ['store', *_SECTIONS])}")
        shape, word = (list, "a list") if name in _LISTS else (dict, "a mapping")
        if value is not None and not isinstance(value, shape):
            raise OpsError(f"ops.yml: '{name}' must be {word}, not {value!r}.")
    key = next(key for key, section in _SECTIONS.items() if section is cls)
    return key, config.get(key)


def checked(cls: type[T], given: Any, key: str) -> T:
    """Settings under a key, checked against their class.

    Raises:
        OpsError: for an unknown setting and for a value of the wrong type.
    """
    if not isinstance(given, dict):
        raise OpsError(f"ops.yml: '{key}' must be a mapping, not {given!r}.")
    defaults: Any = cls()
    if given.items() <= asdict(defaults).items():
        return cls()  # nothing is changed: every start is spared what follows
    schema = OmegaConf.structured(cls)
    try:
        return OmegaConf.to_object(OmegaConf.merge(schema, given))  # type: ignore[return-value]
    except ConfigKeyError as error:
        known = fields_dict(error.object_type)  # type: ignore[arg-type]
        message = _no_setting(f"{key}.{error.full_key}", known)
        raise OpsError(f"ops.yml: {message}") from error
    except (OmegaConfBaseException, TypeError) as error:  # or a list for a mapping
        path = ".".join(filter(None, [key, getattr(error, "full_key", "")]))
        reason = str(error).splitlines()[0]
        raise OpsError(f"ops.yml: '{path}' has a wrong value: {reason}.") from error


def _load(loader: AbstractConfigLoader) -> dict[str, Any]:
    # Kedro's loader learns the file here, so that settings.py stays Kedro's own.
    # "soft": conf/prod/ops.yml changes one setting and leaves its siblings alone.
    if isinstance(loader, OmegaConfigLoader):
        loader.config_patterns.setdefault("ops", ["ops*"])
        loader.merge_strategy.setdefault("ops", "soft")
    try:
        loader["ops"] = loader["ops"]  # read once
        return dict(loader["ops"])
    except (MissingConfigException, KeyError):
        return {}
    except (YAMLError, OmegaConfBaseException) as error:  # or it is a list
        text = " ".join(str(error).split())
        raise OpsError(f"ops.yml cannot be read: {text}") from error


def _no_setting(path: str, known: Iterable[str]) -> str:
    close = get_close_matches(path.rpartition(".")[2], names := list(known), 1, 0.5)
    hint = f"Did you mean '{close[0]}'?" if close else f"Use one of {', '.join(names)}."
    return f"'{path}' does not exist. {hint}"
