"""How times, sizes and names are written for a person."""

from __future__ import annotations

import re
from datetime import datetime

_MINUTE, _KILO = 60, 1000
# Control characters but for tab and newline, and those that turn the text around them.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """A text without characters that control the terminal."""
    return _STEERING.sub("�", text)


def duration(seconds: float | None) -> str:
    """``350 ms``, ``4.2 s``, ``1 min 18 s`` or ``2 h 05 min``; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < 0.9995:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def local_time_of(text: str) -> str:
    """A time in ISO 8601 as ``local_time`` writes it; empty if there is none."""
    return local_time(datetime.fromisoformat(text).timestamp()) if text else ""


def local_time(seconds: float | None) -> str:
    """Seconds since 1970 as ``2026-11-26 17:05:03 CET``; empty if unknown."""
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def size(count: int | None) -> str:
    """Bytes as ``812 B`` or ``82.6 kB``; empty if unknown."""
    if count is None:
        return ""
    value, units = float(count), ["TB", "GB", "MB", "kB", "B"]
    while value >= 999.5 and len(units) > 1:  # noqa: PLR2004
        value /= _KILO
        units.pop()
    number = f"{value:.1f}" if count >= _KILO and value < 99.95 else f"{value:.0f}"  # noqa: PLR2004
    return f"{number} {units[-1]}"
