"""Small outputs that are in memory only, kept in the store so that their nodes can be skipped.

They are kept as JSON and never as a pickle: who can write to the store can not make you
run code. What is read must have the fingerprint that the record of the run has.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen

from ..core import redaction
from ..core.checksum import of_texts
from ..core.store import Store

_NUMBERS = ("bool", "int", "uint", "float")  # types of NumPy's numbers begin so


class NotKeptError(Exception):
    """A value is not kept; the message says why: ``it is a DataFrame``."""


@frozen
class KeptValues:
    """Values in the store, by their fingerprints."""

    store: Store
    limit: int  # bytes

    def keep(self, value: Any) -> str:
        """Keep a value; return its fingerprint.

        Raises:
            NotKeptError: if it is large, no plain value, or may hold a secret.
        """
        try:
            plain = _encode(value, self.limit)
            text = json.dumps(plain)
        except RecursionError as error:
            raise NotKeptError("it holds itself, or is very deep") from error
        if len(text) > self.limit:
            raise NotKeptError(f"it is larger than {self.limit} bytes")
        if json.dumps(redaction.values(plain)) != text:
            raise NotKeptError("it may hold a secret")
        fingerprint = of_texts(text)
        self.store.write(_name(fingerprint), text.encode())
        return fingerprint

    def load(self, fingerprint: str) -> Any:
        """The value with this fingerprint.

        Raises:
            LookupError: if there is none, or it is damaged.
        """
        found = self.store.read(_name(fingerprint))
        text = (found or b"").decode("utf-8", "replace")
        if not found or of_texts(text) != fingerprint:
            raise LookupError(fingerprint)
        return _decode(json.loads(text))


def _name(fingerprint: str) -> str:
    # What a record says is never a path: only the letters of a digest are taken.
    letters = "".join(filter(str.isalnum, fingerprint.rpartition(":")[2]))
    return f"kept/{letters}.json"


def _encode(value: Any, room: int) -> Any:
    kind = type(value)
    if kind in {type(None), bool, int, float, str}:
        return value
    if kind in {list, tuple, dict} and len(value) > room:
        raise NotKeptError(f"it is larger than {room} bytes")
    if kind is list:
        return [_encode(each, room) for each in value]
    if kind is tuple:
        return {"tuple": [_encode(each, room) for each in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _encode(each, room) for key, each in value.items()}}
    if kind.__module__ == "numpy" and hasattr(value, "dtype") and not value.shape:
        name = str(value.dtype)
        if name.startswith(_NUMBERS) and name != "float128":
            return {"numpy": [name, value.item()]}
    raise NotKeptError(f"it is or holds a {kind.__qualname__}")


def _decode(plain: Any) -> Any:
    if isinstance(plain, list):
        return [*map(_decode, plain)]
    if not isinstance(plain, dict):
        return plain
    [(kind, inner)] = plain.items()
    if kind == "numpy":
        import numpy as np  # noqa: PLC0415

        return np.dtype(inner[0]).type(inner[1])
    if kind == "tuple":
        return (*map(_decode, inner),)
    return {key: _decode(each) for key, each in inner.items()}
