"""A first suite says what the data of today are like."""

import pandas as pd
import yaml
from kit import ops

first_suite, suites, gx = (
    ops("expectations.profiler"),
    ops("expectations.suites"),
    ops("expectations.gx"),
)

TABLE = pd.DataFrame(
    {
        "id": [3, 1, 2, 4],
        "kind": ["b", "a", None, "b"],
        "price": [1.5, 2.5, None, 1.5],
        "sold": [True, False, True, True],
        "when": pd.to_datetime(["2020-01-01"] * 4),
        "empty": [None] * 4,
        "text, with: marks": ["{", "}", "%", "é"],
    }
)


def found(text, column=None):
    items = yaml.safe_load(text)["expectations"]
    return {
        item["type"].removeprefix("expect_"): {
            **{k: v for k, v in item["kwargs"].items() if k != "column"},
            **({"severity": item["severity"]} if "severity" in item else {}),
        }
        for item in items
        if item["kwargs"].get("column") == column
    }


def test_a_first_suite_tells_types_nulls_ranges_sets_and_keys():
    text = first_suite.write("cars", TABLE)

    assert found(text) == {
        "table_columns_to_match_set": {
            "column_set": list(TABLE.columns),
            "exact_match": True,
        },
        "table_row_count_to_be_between": {"min_value": 1},
    }
    assert found(text, "id") == {
        "column_values_to_be_of_type": {"type_": "int64"},
        "column_values_to_not_be_null": {},
        "column_values_to_be_unique": {},
        "column_values_to_be_between": {
            "min_value": 1,
            "max_value": 4,
            "severity": "warning",
        },
    }
    assert found(text, "kind") == {
        "column_values_to_be_of_type": {"type_": "str"},
        "column_values_to_not_be_null": {"mostly": 0.75, "severity": "warning"},
        "column_values_to_be_in_set": {"value_set": ["a", "b"], "severity": "warning"},
    }
    price = found(text, "price")
    assert price["column_values_to_be_between"]["max_value"] == 2.5
    assert "column_values_to_be_unique" not in price
    sold = found(text, "sold")
    assert sold["column_values_to_be_in_set"]["value_set"] == [False, True]
    assert "column_values_to_be_between" not in sold
    assert "column_values_to_be_unique" in found(text, "text, with: marks")


def test_it_holds_for_the_data_that_it_was_made_of():
    for table in (TABLE, TABLE.head(0), TABLE.head(1)):
        suite = suites.parsed("cars", first_suite.write("cars", table), "cars.yml")
        results = gx.check_data(suite, "cars", table)

        assert [each.message for each in results if not each.passed] == []
