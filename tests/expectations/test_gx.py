"""What Great Expectations is asked, and what it answers."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from kit import ops
from sqlalchemy import create_engine

from .expectations_project import BAD, GOOD

suites, gx = ops("expectations.suites"), ops("expectations.gx")
OpsError = ops("core.errors").OpsError

TEXT = """\
expectations:
  - {type: expect_table_row_count_to_equal, kwargs: {value: 3}}
  - {type: expect_column_values_to_not_be_null, kwargs: {column: id}, meta: {why: x}}
  - type: expect_column_values_to_be_in_set
    kwargs: {column: kind, value_set: [a, b]}
    severity: warning
  - {type: expect_column_mean_to_be_between, kwargs: {column: id, max_value: 2}}
"""


def parsed(text=TEXT):
    return suites.parsed("cars", text, "cars.yml")


def messages(results):
    return [result.message for result in results if not result.passed]


def test_every_expectation_has_its_result():
    good = gx.check_data(parsed(), "cars", GOOD)
    bad = gx.check_data(parsed(), "cars", BAD)

    assert [result.passed for result in good] == [True] * 4
    assert [result.passed for result in bad] == [True, False, False, True]
    assert [(each.place, each.level) for each in bad] == [
        (each.place, each.level) for each in parsed().expectations
    ]
    assert messages(bad) == [
        "expect_column_values_to_not_be_null(column='id') failed for 1 of 3 rows, such "
        "as nan",
        "expect_column_values_to_be_in_set(column='kind', value_set=['a', 'b']) failed "
        "for 1 of 3 rows, such as c",
    ]


def test_a_value_that_was_computed_is_told():
    table = pd.DataFrame({"id": [5, 6], "kind": ["a", "a"]})
    said = messages(gx.check_data(parsed(), "cars", table))

    assert said == [
        "expect_table_row_count_to_equal(value=3) failed: the observed value is 2",
        "expect_column_mean_to_be_between(column='id', max_value=2.0) failed: the observed value is 5.5",
    ]


def test_a_column_that_is_not_there_is_a_failure_and_no_traceback():
    table = GOOD.drop(columns="id")
    said = messages(gx.check_data(parsed(), "cars", table))

    assert len(said) == 2
    assert all('could not be checked: Error: The column "id"' in each for each in said)
    assert not any("\n" in each for each in said)


def test_an_expectation_that_says_nothing_more_just_fails():
    text = "expectations: [{type: expect_column_to_exist, kwargs: {column: other}}]"
    said = messages(gx.check_data(parsed(text), "cars", GOOD))

    assert said == ["expect_column_to_exist(column='other') failed"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            "{type: expect_column_values_to_be_betwen, kwargs: {column: id}}",
            "has no expect_column_values_to_be_betwen. Did you mean "
            "expect_column_values_to_be_between?",
        ),
        ("{type: nonsense}", "Great Expectations has no nonsense."),
        (
            "{type: expect_column_to_exist, kwargs: {colum: id}}",
            "expect_column_to_exist is not valid",
        ),
        (
            "{type: expect_table_row_count_to_equal, kwargs: {value: many}}",
            "expect_table_row_count_to_equal is not valid",
        ),
    ],
)
def test_what_great_expectations_does_not_know_is_an_error_with_its_line(item, message):
    suite = parsed(f"expectations:\n  - {item}\n")

    with pytest.raises(OpsError) as caught:
        gx.check_data(suite, "cars", GOOD)
    assert caught.value.message.startswith("cars.yml, line 2: ")
    assert message in caught.value.message


def test_a_suite_of_which_something_is_not_answered_is_no_pass(monkeypatch):
    class Report:
        results = []

    batch = "great_expectations.datasource.fluent.interfaces.Batch.validate"
    monkeypatch.setattr(batch, lambda self, suite: Report())
    with pytest.raises(OpsError, match="returned 0 results for 4 expectations"):
        gx.check_data(parsed(), "cars", GOOD)


def test_threads_do_not_mix_up_their_data():
    suite = parsed()

    def is_right(number):
        data, expected = [(GOOD, 0), (BAD, 2)][number % 2]
        return len(messages(gx.check_data(suite, "cars", data))) == expected

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_right, range(48)))


def test_the_projects_own_context_stays_the_current_one():
    ge = pytest.importorskip("great_expectations")
    manager = ge.data_context.data_context.context_factory.project_manager
    own = ge.get_context(mode="ephemeral")
    gx.check_data(parsed(), "cars", GOOD)
    assert manager.get_current_project() is own

    manager.set_project(None)
    gx.check_data(parsed(), "cars", GOOD)
    manager.set_project(None)


def test_nothing_is_printed(capfd):
    gx.check_data(parsed(), "cars", BAD)
    assert capfd.readouterr() == ("", "")


class Table:
    """What is known of a dataset that keeps a table."""

    def __init__(self, folder, name="cars"):
        self.engine = create_engine(f"sqlite:///{folder}/pa$$word.db")
        self._load_args = {"table_name": name}


def test_a_table_is_checked_in_its_database(tmp_path, capfd):
    table = Table(tmp_path)
    BAD.to_sql("cars", table.engine, index=False)

    found = gx.check_table(parsed(), "cars", table)
    assert [result.passed for result in found] == [
        True,
        False,
        False,
        True,
    ]
    assert capfd.readouterr() == ("", "")


def test_a_table_that_is_not_there_is_no_pass(tmp_path):
    with pytest.raises(OpsError, match="cars"):
        gx.check_table(parsed(), "cars", Table(tmp_path))


def test_a_password_is_not_told():
    class Unreachable(Table):
        def __init__(self):
            self.engine = create_engine("sqlite:///no/such/folder/x.db")
            self.engine.url = self.engine.url.set(password="se$cret")
            self._load_args = {"table_name": "cars"}

    with pytest.raises(OpsError) as caught:
        gx.check_table(parsed(), "cars", Unreachable())
    assert "cret" not in caught.value.message
