"""The register of hooks: from top to bottom it is the order in which they act."""

from typing import Any
{% if cookiecutter.great_expectations or cookiecutter.path_rules or cookiecutter.preflight or cookiecutter.run_status or cookiecutter.steel_toes %}
{%- if cookiecutter.great_expectations %}
from .ops.expectations import Expectations
{%- endif %}
{%- if cookiecutter.node_stats %}
from .ops.node_stats import NodeStats
{%- endif %}
{%- if cookiecutter.slack or cookiecutter.email %}
from .ops.notifications import Notifications
{%- endif %}
{%- if cookiecutter.path_rules %}
from .ops.path_rules import PathRules
{%- endif %}
{%- if cookiecutter.preflight %}
from .ops.preflight import Preflight
{%- endif %}
{%- if cookiecutter.run_status %}
from .ops.run_status import RunStatus
{%- endif %}
{%- if cookiecutter.steel_toes %}
from .ops.steel_toes import SteelToes
{%- endif %}
{% endif %}

class TeamHooks:
    """The team's own hooks.

    Add a method for each moment, named as in ``kedro.framework.hooks.specs`` and
    marked with ``@hook_impl`` from ``kedro.framework.hooks``, with the arguments that
    it needs, e.g. ``def before_pipeline_run(self, run_params)``.
    """


REGISTER: list[Any] = [
{%- if cookiecutter.slack or cookiecutter.email %}
    Notifications(),
{%- endif %}
{%- if cookiecutter.node_stats %}
    NodeStats(),
{%- endif %}
{%- if cookiecutter.run_status %}
    RunStatus(),
{%- endif %}
{%- if cookiecutter.great_expectations %}
    Expectations(),
{%- endif %}
{%- if cookiecutter.path_rules %}
    PathRules(),
{%- endif %}
{%- if cookiecutter.steel_toes %}
    SteelToes(),
{%- endif %}
{%- if cookiecutter.preflight %}
    Preflight(),
{%- endif %}
    TeamHooks(),
]

# Kedro calls the hook that was registered last first.
HOOKS = tuple(reversed(REGISTER))
