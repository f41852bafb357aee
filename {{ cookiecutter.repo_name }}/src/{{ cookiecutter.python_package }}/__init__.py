"""The package of this Kedro project."""

__version__ = "0.1"
