"""File and line of an entry."""

from kit import ops

pytest_plugins = ["preflight.planned"]
CatalogLines = ops("preflight.catalog_lines").CatalogLines


def test_an_environment_comes_before_the_base(planner):
    context = planner.context({})
    planner.write("conf/base/catalog.yml", "# a comment\na: {}\nb: {}\n")
    planner.write("conf/local/catalog_mine.yaml", "\nb: {}\n")
    planner.write("conf/base/catalog_bad.yml", "a: {")
    planner.write("conf/base/catalog_list.yml", "[a]")
    planner.write("conf/base/catalog.json", "{}")

    lines = CatalogLines.of(context)

    assert lines.of_entry("a") == "conf/base/catalog.yml:2"
    assert lines.of_entry("b") == "conf/local/catalog_mine.yaml:2"
    assert lines.of_entry("c") == ""
    assert "a" in lines
