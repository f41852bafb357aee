"""The example pipeline: raw -> cleaned -> features -> model -> metrics and picture."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    build_features,
    clean_penguins,
    evaluate_model,
    fit_model,
    plot_predictions,
    split_penguins,
)


def create_pipeline() -> Pipeline:
    """Build the pipeline; its datasets are in conf/base/catalog.yml."""
    return Pipeline(
        [
            Node(
                clean_penguins,
                "penguins_raw",
                "penguins_cleaned",
                name="clean_penguins",
            ),
            Node(
                build_features,
                "penguins_cleaned",
                "penguins_features",
                name="build_features",
            ),
            Node(
                split_penguins,
                [
                    "penguins_features",
                    "params:split.test_fraction",
                    "params:split.seed",
                ],
                ["penguins_train", "penguins_test"],
                name="split_penguins",
            ),
            Node(
                fit_model,
                ["penguins_train", "params:model.target", "params:model.features"],
                "penguin_model",
                name="fit_model",
            ),
            Node(
                evaluate_model,
                ["penguin_model", "penguins_test", "params:model.target"],
                "penguin_metrics",
                name="evaluate_model",
            ),
            Node(
                plot_predictions,
                ["penguin_model", "penguins_test", "params:model.target"],
                "penguin_plot",
                name="plot_predictions",
            ),
        ]
    )
