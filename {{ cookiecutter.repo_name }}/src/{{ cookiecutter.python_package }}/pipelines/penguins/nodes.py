"""The functions of the example's nodes. They do not read or write files."""

from typing import Any, TypedDict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

COLUMNS = {
    "Species": "species",
    "Island": "island",
    "Sex": "sex",
    "Culmen Length (mm)": "bill_length_mm",
    "Culmen Depth (mm)": "bill_depth_mm",
    "Flipper Length (mm)": "flipper_length_mm",
    "Body Mass (g)": "body_mass_g",
}


class LinearModel(TypedDict):
    """A linear function, in a form that can be saved as JSON."""

    intercept: float
    coefficients: dict[str, float]


def clean_penguins(raw: pd.DataFrame) -> pd.DataFrame:
    """Give the columns plain names and keep the penguins that were fully measured.

    Args:
        raw: The measurements as published.

    Returns:
        One row for each penguin whose sex and measurements are all known.
    """
    penguins = raw[list(COLUMNS)].rename(columns=COLUMNS).dropna()
    return penguins.assign(
        # "Adelie Penguin (Pygoscelis adeliae)" -> "adelie"
        species=penguins["species"].str.split().str[0].str.lower(),
        island=penguins["island"].str.lower(),
        sex=penguins["sex"].str.lower(),
    ).reset_index(drop=True)


def build_features(penguins: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that a model can use beside the measurements.

    Args:
        penguins: Cleaned measurements.

    Returns:
        The same rows with ``is_male`` (0 or 1) and ``bill_ratio`` (length by depth).
    """
    return penguins.assign(
        is_male=(penguins["sex"] == "male").astype(int),
        bill_ratio=penguins["bill_length_mm"] / penguins["bill_depth_mm"],
    )


def split_penguins(
    penguins: pd.DataFrame, test_fraction: float, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put some of the penguins aside to test the model with.

    Args:
        penguins: Rows to share out.
        test_fraction: The part of the rows that goes to the test.
        seed: The same seed always gives the same split.

    Returns:
        The rows to fit a model on, and the rows to test it with.
    """
    order = np.random.default_rng(seed).permutation(len(penguins))
    test_size = round(len(penguins) * test_fraction)
    return penguins.iloc[order[test_size:]], penguins.iloc[order[:test_size]]


def fit_model(penguins: pd.DataFrame, target: str, features: list[str]) -> LinearModel:
    """Fit the target as a linear function of the features, by least squares.

    Args:
        penguins: Rows to fit on.
        target: The column to predict.
        features: The columns to predict it from.

    Returns:
        The fitted function.
    """
    matrix = np.column_stack([np.ones(len(penguins)), penguins[features].to_numpy()])
    solution = np.linalg.lstsq(matrix, penguins[target].to_numpy(), rcond=None)[0]
    intercept, *slopes = (float(number) for number in solution)
    return {
        "intercept": intercept,
        "coefficients": dict(zip(features, slopes, strict=True)),
    }


def predict(model: LinearModel, penguins: pd.DataFrame) -> pd.Series:
    """Apply a fitted model to each row."""
    coefficients = pd.Series(model["coefficients"])
    return penguins[coefficients.index].dot(coefficients) + model["intercept"]


def evaluate_model(
    model: LinearModel, penguins: pd.DataFrame, target: str
) -> dict[str, Any]:
    """Compare the model's predictions with what was measured.

    Args:
        model: The fitted function.
        penguins: Rows that the model was not fitted on.
        target: The column that it predicts.

    Returns:
        The features used, the share of the variance explained (``r2``), and the mean
        absolute error in the target's own unit.
    """
    measured = penguins[target]
    error = measured - predict(model, penguins)
    spread = measured - measured.mean()
    return {
        "features": list(model["coefficients"]),
        "r2": round(1 - float((error**2).sum() / (spread**2).sum()), 4),
        "mean_absolute_error": round(float(error.abs().mean()), 1),
        "test_penguins": len(penguins),
    }


def plot_predictions(model: LinearModel, penguins: pd.DataFrame, target: str) -> Figure:
    """Draw predicted against measured values, one colour for each species.

    Args:
        model: The fitted function.
        penguins: Rows that the model was not fitted on.
        target: The column that it predicts.

    Returns:
        The picture.
    """
    # Figure instead of pyplot: no global state, so runs in threads do not mix.
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    for species, group in penguins.groupby("species"):
        axes.scatter(group[target], predict(model, group), label=str(species))
    low, high = penguins[target].min(), penguins[target].max()
    axes.plot([low, high], [low, high], color="grey", linestyle="--")
    axes.set(
        title=f"{target} from {', '.join(model['coefficients'])}",
        xlabel="measured",
        ylabel="predicted",
    )
    axes.legend()
    return figure
