"""An example: the body mass of penguins, from raw measurements to a model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
