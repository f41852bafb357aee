"""The hooks of this project, in the order in which they act."""

from typing import Any
{%- set imports %}
{%- if cookiecutter.expectations %}
from .ops.expectations.hook import Expectations
{%- endif %}
{%- if cookiecutter.node_stats %}
from .ops.node_stats.hook import NodeStats
{%- endif %}
{%- if cookiecutter.slack or cookiecutter.email %}
from .ops.notifications.hook import Notifications
{%- endif %}
{%- if cookiecutter.path_rules %}
from .ops.path_rules.hook import PathRules
{%- endif %}
{%- if cookiecutter.preflight %}
from .ops.preflight.hook import Preflight
{%- endif %}
{%- if cookiecutter.progress %}
from .ops.progress.hook import Progress
{%- endif %}
{%- if cookiecutter.run_status %}
from .ops.run_status.hook import RunStatus
{%- endif %}
{%- if cookiecutter.steel_toes %}
from .ops.steel_toes.hook import SteelToes
{%- endif %}
{%- endset %}
{%- if imports %}

# The guards that are on; your own imports go above.
{{- imports }}
{%- endif %}


class TeamHooks:
    """The team's own hooks.

    Add a method for each moment, named as in ``kedro.framework.hooks.specs`` and
    marked with ``@hook_impl`` from ``kedro.framework.hooks``, with the arguments that
    it needs, e.g. ``def before_pipeline_run(self, run_params)``.
    """


REGISTER: list[Any] = [
{%- if cookiecutter.progress %}
    Progress(),
{%- endif %}
{%- if cookiecutter.slack or cookiecutter.email %}
    Notifications(),
{%- endif %}
{%- if cookiecutter.node_stats %}
    NodeStats(),
{%- endif %}
{%- if cookiecutter.run_status %}
    RunStatus(),
{%- endif %}
{%- if cookiecutter.expectations %}
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
