"""The names in braces of a path rule, and what stands for them in a run."""

from __future__ import annotations

import re
from collections.abc import Callable

from kedro.framework.context import KedroContext

from ..core import branch
from ..core.errors import OpsError
from ..core.process import user


def fill(text: str, context: KedroContext) -> str:
    """Put values in the place of the names in a template of ``re.sub``.

    Raises:
        OpsError: for a name that is not known, and one whose value cannot be found.
    """

    def value(brace: re.Match[str]) -> str:
        name = brace[0][1:-1]
        if name not in _VALUES:
            known = ", ".join(f"{{{name}}}" for name in _VALUES)
            raise OpsError(f"'{brace[0]}' in 'to' is no name; there are: {known}.")
        return _VALUES[name](context).replace("\\", r"\\")

    return re.sub(r"\{[^{}]*\}|[{}]", value, text)


def _environment(context: KedroContext) -> str:
    default = getattr(context.config_loader, "default_run_env", None)
    return context.env or default or "local"


def _user(context: KedroContext) -> str:
    name = user()
    if not name:
        raise OpsError(
            "this system does not say who {user} is: set the environment variable LOGNAME."
        )
    # As it is known, unless it would not be one part of a path ("COMPANY\\name").
    return name if re.fullmatch(r"\w[\w.-]*", name) else branch.slug(name)


def _branch(context: KedroContext) -> str:
    return branch.current(context.project_path).slug


def _project(context: KedroContext) -> str:
    return __name__.partition(".")[0]


# Called when a rule has the name, so that only {branch} needs to know the branch.
_VALUES: dict[str, Callable[[KedroContext], str]] = {
    "env": _environment,
    "user": _user,
    "branch": _branch,
    "project": _project,
}
