"""The template as a package: `kedro new --starter=team` once it is installed."""

from pathlib import Path

from kedro.framework.cli.starters import KedroStarterSpec

STARTERS = [KedroStarterSpec("team", str(Path(__file__).with_name("template")))]
