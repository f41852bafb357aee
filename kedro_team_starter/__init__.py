"""The template as a package: `kedro new --starter=team` once it is installed."""

from pathlib import Path

import yaml
from kedro.framework.cli.starters import KedroStarterSpec

TEMPLATE = Path(__file__).with_name("template")
_organisation = yaml.safe_load((TEMPLATE / "organisation.yml").read_text("utf-8")) or {}

STARTERS = [KedroStarterSpec(_organisation.get("alias", "team"), str(TEMPLATE))]
