"""The nodes, on frames small enough to work out the results by hand."""

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.startup import bootstrap_project

PACKAGE = bootstrap_project(Path(__file__).parents[3]).package_name
nodes = import_module(f"{PACKAGE}.pipelines.penguins.nodes")


@pytest.fixture
def raw():
    return pd.DataFrame(
        {
            "Species": ["Adelie Penguin (Pygoscelis adeliae)"] * 2
            + ["Gentoo penguin (Pygoscelis papua)"] * 2,
            "Island": ["Torgersen", "Torgersen", "Biscoe", "Biscoe"],
            "Sex": ["MALE", None, "FEMALE", "MALE"],
            "Culmen Length (mm)": [40.0, 39.0, 48.0, None],
            "Culmen Depth (mm)": [20.0, 18.0, 16.0, 15.0],
            "Flipper Length (mm)": [180.0, 181.0, 210.0, 211.0],
            "Body Mass (g)": [3700.0, 3800.0, 5000.0, 5100.0],
            "Comments": [None, None, "No blood sample.", None],
        }
    )


@pytest.fixture
def line():
    """Four penguins whose mass is exactly 20 * flipper - 100."""
    return pd.DataFrame(
        {
            "species": ["adelie", "adelie", "gentoo", "gentoo"],
            "flipper": [1.0, 2.0, 3.0, 4.0],
            "mass": [-80.0, -60.0, -40.0, -20.0],
        }
    )


def test_cleaning_keeps_only_penguins_that_were_fully_measured(raw):
    cleaned = nodes.clean_penguins(raw)

    assert cleaned["body_mass_g"].tolist() == [3700.0, 5000.0]
    assert cleaned.index.tolist() == [0, 1]


def test_cleaning_gives_plain_names(raw):
    cleaned = nodes.clean_penguins(raw)

    assert list(cleaned) == list(nodes.COLUMNS.values())
    assert cleaned["species"].tolist() == ["adelie", "gentoo"]
    assert cleaned["island"].tolist() == ["torgersen", "biscoe"]
    assert cleaned["sex"].tolist() == ["male", "female"]


def test_features_are_added_to_the_measurements(raw):
    features = nodes.build_features(nodes.clean_penguins(raw))

    assert features["is_male"].tolist() == [1, 0]
    assert features["bill_ratio"].tolist() == [2.0, 3.0]


def test_the_split_shares_out_every_row_once(line):
    train, test = nodes.split_penguins(line, test_fraction=0.25, seed=1)

    assert (len(train), len(test)) == (3, 1)
    assert sorted([*train.index, *test.index]) == [0, 1, 2, 3]


def test_the_split_depends_on_the_seed_alone(line):
    table = pd.concat([line] * 10, ignore_index=True)

    once, again, other = (
        nodes.split_penguins(table, test_fraction=0.5, seed=seed)[1]
        for seed in (1, 1, 2)
    )

    assert once.equals(again)
    assert not once.equals(other)


def test_the_fit_finds_the_line_that_the_data_lie_on(line):
    model = nodes.fit_model(line, target="mass", features=["flipper"])

    assert model["intercept"] == pytest.approx(-100)
    assert model["coefficients"] == {"flipper": pytest.approx(20)}


def test_predictions_apply_every_coefficient():
    model = {"intercept": 1.0, "coefficients": {"a": 2.0, "b": -1.0}}
    rows = pd.DataFrame({"b": [1.0, 0.0], "unused": [9.0, 9.0], "a": [3.0, 5.0]})

    assert nodes.predict(model, rows).tolist() == [6.0, 11.0]


def test_metrics_compare_predicted_with_measured(line):
    model = {"intercept": -40.0, "coefficients": {"flipper": 0.0}}

    metrics = nodes.evaluate_model(model, line, target="mass")

    # Errors -40, -20, 0, 20: squares add up to 2400; around the mean (-50) to 2000.
    assert metrics == {
        "features": ["flipper"],
        "r2": -0.2,
        "mean_absolute_error": 20.0,
        "test_penguins": 4,
    }


def test_the_picture_has_one_group_of_points_for_each_species(line):
    model = {"intercept": -100.0, "coefficients": {"flipper": 20.0}}

    axes = nodes.plot_predictions(model, line, target="mass").axes[0]

    assert [text.get_text() for text in axes.get_legend().texts] == ["adelie", "gentoo"]
    assert axes.collections[1].get_offsets().tolist() == [[-40, -40], [-20, -20]]
