"""The settings, and the words that are levels."""

import pytest
from kit import ops

module = ops("preflight.settings")
OpsError = ops("core.errors").OpsError


@pytest.mark.parametrize(
    ("word", "level"),
    [("error", "error"), ("Warn", "warn"), ("off", "off"), ("False", "off")],
)
def test_the_words_for_levels(word, level):
    settings = module.PreflightOptions(data=word, code=module.CodeOptions(mypy=word))

    assert settings.level("data") == settings.tool_level("mypy") == level


def test_another_word_is_an_error_with_its_place():
    settings = module.PreflightOptions(code=module.CodeOptions(ruff="maybe"))

    with pytest.raises(OpsError, match=r"preflight.code.ruff.*maybe"):
        settings.tool_level("ruff")


def test_names_and_types_can_be_ignored():
    ignore = module.Ignore(names=["a*"], types=["*.CSVDataset"])

    assert ignore.has("ab", "x")
    assert ignore.has("x", "pandas.CSVDataset")
    assert not ignore.has("x", "x")
