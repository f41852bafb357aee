"""Steel toes on the command line: which data a run reads, and which it writes."""

import os

import pytest
from steel_toes_helpers import BASE, CATALOG, PACKAGE, PIPELINE, WRONG, Workshop

pytest_plugins = ["steel_toes_fixtures"]

DEV = ("data/mid_dev.txt", "data/out_dev.txt")
LEAVES_A_MARK = """
from pathlib import Path

def mark(self):
    Path("computed").touch()

TeamHooks.before_node_run = hook_impl(mark)
"""
HOOK_IMPL = "\nfrom kedro.framework.hooks import hook_impl\n"


def said_at_the_start(output: str) -> list[str]:
    """What the log says of steel toes before the first node runs."""
    start = output.partition("Running node")[0]
    lines = [line for line in start.splitlines() if "Steel toes:" in line]
    return [" ".join(line.partition("Steel toes: ")[2].split()[:12]) for line in lines]


def test_a_branch_computes_from_raw_data_and_leaves_the_base_alone(
    workshop: Workshop,
) -> None:
    with workshop.base_untouched():
        result = workshop.kedro("run")

    assert workshop.read("data/mid_dev.txt") == "clean(raw)"
    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"
    assert said_at_the_start(result.stderr) == [
        "branch 'dev', 3 datasets branched, 1 of them read from main."
    ]


def test_a_branch_reads_what_it_has_and_the_base_for_the_rest(
    workshop: Workshop,
) -> None:
    workshop.write({"data/mid_dev.txt": "of dev", "data/mid_other.txt": WRONG})

    with workshop.base_untouched():
        partial = workshop.kedro("run", "--nodes=total")

    assert workshop.read("data/out_dev.txt") == "total(of dev)"
    assert said_at_the_start(partial.stderr) == [
        "branch 'dev', 2 datasets branched, 0 of them read from main."
    ]

    workshop.write({"data/raw_dev.txt": "own"})
    workshop.kedro("run")

    assert workshop.read("data/out_dev.txt") == "total(clean(own))"


def test_a_branch_does_not_see_what_another_one_has_written(
    workshop: Workshop,
) -> None:
    workshop.write({"data/raw_dev.txt": WRONG})
    workshop.write(dict.fromkeys(DEV, WRONG))
    workshop.switch("second")

    with workshop.base_untouched("second"):
        workshop.kedro("run")

    assert workshop.read("data/out_second.txt") == "total(clean(raw))"


def test_no_two_branches_share_a_file_and_none_leaves_its_folder(
    workshop: Workshop,
) -> None:
    names = ["feat/x", "feat-x", "feat_x", "FEAT/X", "Fix #3", "fix #3", "x", "X"]
    names += ["a" * 200, "a" * 199 + "b", "größe", "grösse", "日本", "日本語", "🦶"]
    names += ["..", ".", "../..", "../../evil", "/etc/x", "C:\\x", "a\\b", "a:b"]
    names += ["~", "*", "?", "[a]", "{any}", "$HOME", "%2e", "-", "con", "a b", "a\tb"]
    names += ["feat-x-12345678", "s3://b/x", "dev_x", "x.csv", "main/x", "Main"]
    workshop.catalog(CATALOG.replace("data/out", "data/deep.d/out"))
    workshop.pipeline(
        PIPELINE.replace('f"clean({raw})"', "__import__('os').environ['NAME']")
    )
    before = workshop.files()

    workshop.sessions(
        *(({}, {"STEEL_TOES_BRANCH": name, "NAME": name}) for name in names)
    )

    new = workshop.new_files(before)
    after = workshop.files()
    assert {path: after[path] for path in before} == before
    folders = {path.rpartition("/")[0] for path in new}
    assert folders == {"data", "data/deep.d"}
    of_mid = [path for path in new if path.startswith("data/mid_")]
    assert len({path.lower() for path in of_mid}) == len(names)
    assert sorted(after[path].decode() for path in of_mid) == sorted(names)
    of_out = [after[path].decode() for path in new if "/out_" in path]
    assert sorted(of_out) == sorted(f"total({name})" for name in names)
    assert all(len(path.rpartition("/")[2].encode()) < 100 for path in new)
    assert {path.name for path in workshop.path.parent.iterdir()} == {"project"}


@pytest.mark.parametrize("branch", ["feat/x", "Feat/X", "größe"])
def test_a_git_branch_that_is_no_file_name_has_its_own_files(
    workshop: Workshop, branch: str
) -> None:
    workshop.switch(branch)
    before = workshop.files()

    workshop.kedro("run")

    after = workshop.files()
    new = sorted(workshop.new_files(before))
    assert {path: after[path] for path in before} == before
    assert [path.partition("_")[0] for path in new] == ["data/mid", "data/out"]
    assert workshop.read(new[1]) == "total(clean(raw))"


@pytest.mark.parametrize(
    ("entries", "pair"),
    [
        ("old: {type: text.TextDataset, filepath: ./data/mid_dev.txt}", ("mid", "old")),
        (
            "old: {type: partitions.PartitionedDataset, path: data/mid_dev.txt/, "
            "dataset: text.TextDataset}",
            ("mid", "old"),
        ),
    ],
    ids=["a file", "a folder"],
)
def test_a_branch_that_would_write_to_another_dataset_is_refused(
    workshop: Workshop, entries: str, pair: tuple[str, str]
) -> None:
    workshop.catalog(CATALOG + entries)
    before = workshop.files()

    error = workshop.refused()

    assert all(f"'{name}'" in error for name in pair)
    assert workshop.files() == before

    workshop.switch("fine")
    workshop.kedro("run")

    assert workshop.read("data/out_fine.txt") == "total(clean(raw))"


def test_two_datasets_of_one_pattern_cannot_collide_unnoticed(
    workshop: Workshop,
) -> None:
    workshop.catalog('"{name}": {type: text.TextDataset, filepath: "data/{name}.txt"}')
    workshop.pipeline(
        PIPELINE.replace('"mid", name', '"cars", name')
        .replace('"mid", "out"', '["cars", "cars_dev"], "out"')
        .replace("total(mid)", "total(mid, other)", 1)
    )
    workshop.write({"data/cars.txt": WRONG, "data/cars_dev.txt": "a dataset's"})
    before = workshop.files()

    error = workshop.refused()

    assert "'cars'" in error
    assert "'cars_dev'" in error
    assert workshop.files() == before


PLACE = """
from pathlib import Path
from kedro.io import AbstractDataset

class PlaceDataset(AbstractDataset):
    def __init__(self, shelf):
        self.shelf = Path(shelf)
    def load(self):
        return self.shelf.read_text()
    def save(self, data):
        self.shelf.write_text(data)
    def _describe(self):
        return {"shelf": str(self.shelf)}
"""


@pytest.mark.parametrize(
    "ignore",
    ["{names: [place]}", "{names: [pl*]}", "{types: ['*.PlaceDataset']}"],
)
def test_what_cannot_be_branched_stops_the_run_until_it_is_ignored(
    workshop: Workshop, ignore: str
) -> None:
    workshop.write({f"src/{PACKAGE}/place.py": PLACE})
    entry = f"{{type: {PACKAGE}.place.PlaceDataset, shelf: data/place.txt}}"
    workshop.catalog(f"{CATALOG}\nplace: {entry}\n")
    workshop.pipeline(PIPELINE.replace('"mid"', '"place"'))
    before = workshop.files()

    if ignore == "{names: [place]}":  # the error is the same for all
        error = workshop.refused()
        assert "'place'" in error
        assert "ignore" in error
        assert workshop.files() == before

    workshop.settings(f"steel_toes: {{ignore: {ignore}}}")
    workshop.kedro("run")

    assert workshop.read("data/place.txt") == "clean(raw)"
    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"
    assert workshop.read("data/out.txt") == WRONG


def test_a_dataset_of_a_pattern_can_be_ignored_by_its_own_name(
    workshop: Workshop,
) -> None:
    workshop.catalog('"{name}": {type: text.TextDataset, filepath: "data/{name}.txt"}')
    workshop.settings("steel_toes: {ignore: {names: [mid]}}")

    result = workshop.kedro("run")

    assert workshop.read("data/mid.txt") == "clean(raw)"
    assert not workshop.has("data/mid_dev.txt")
    assert workshop.read("data/out.txt") == WRONG
    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"
    assert "Steel toes" in result.stderr


def test_a_pattern_that_cannot_be_branched_can_be_ignored(workshop: Workshop) -> None:
    workshop.write({f"src/{PACKAGE}/place.py": PLACE})
    entry = f"{{type: {PACKAGE}.place.PlaceDataset, shelf: 'data/{{name}}.txt'}}"
    workshop.catalog(f"{CATALOG}\n'{{name}}_place': {entry}\n")
    workshop.pipeline(PIPELINE.replace('"mid"', '"my_place"'))
    assert "'{name}_place'" in workshop.refused()

    workshop.settings("steel_toes: {ignore: {names: ['{name}_place']}}")
    workshop.kedro("run")

    assert workshop.read("data/my.txt") == "clean(raw)"
    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"


def test_on_trunk_the_catalog_and_the_run_are_plain_kedro(workshop: Workshop) -> None:
    workshop.switch("master")
    before = workshop.files()

    result = workshop.kedro("run")

    assert workshop.new_files(before) == set()
    assert workshop.read("data/out.txt") == "total(clean(raw))"
    assert "Steel toes" not in result.stderr
    assert "Saving data to out (TextDataset)" in result.stderr
    workshop.settings("steel_toes: {trunk: [stable]}")
    workshop.kedro("run")
    assert workshop.read("data/out_master.txt") == "total(clean(raw))"


def test_a_protected_trunk_is_only_written_in_ci(workshop: Workshop) -> None:
    workshop.settings("steel_toes: {protect_trunk: true}")
    workshop.team_hooks(HOOK_IMPL + LEAVES_A_MARK)
    workshop.switch("main")
    before = workshop.files()

    error = workshop.refused()

    assert "'mid'" in error
    assert "git switch -c" in error
    assert workshop.files() == before  # no mark: nothing was computed either

    workshop.kedro("run", CI="true")

    assert workshop.read("data/out.txt") == "total(clean(raw))"
    assert workshop.new_files(before) == {"computed"}


def test_a_protected_trunk_can_be_read(workshop: Workshop) -> None:
    workshop.settings("steel_toes: {protect_trunk: true}")
    workshop.catalog(CATALOG.replace("out:", "other:").replace("mid:", "another:"))
    workshop.switch("main")
    before = workshop.files()

    workshop.kedro("run")

    assert workshop.files() == before


@pytest.mark.parametrize("way", ["variable", "setting"])
def test_switched_off_a_run_writes_the_base(workshop: Workshop, way: str) -> None:
    before = workshop.files()
    if way == "setting":
        workshop.settings("steel_toes: {enabled: false}")

    ended = workshop.kedro("run", STEEL_TOES="off" if way == "variable" else "")

    # Who has switched it off for good need not read so with every run.
    warned = "Steel toes are off: this run saves to main's data" in ended.stderr
    assert warned == (way == "variable")
    assert workshop.new_files(before) == set()
    assert workshop.read("data/out.txt") == "total(clean(raw))"


def test_an_environment_changes_one_setting_and_keeps_the_others(
    workshop: Workshop,
) -> None:
    workshop.settings("steel_toes: {ignore: {names: [mid]}}")
    workshop.settings("steel_toes: {ignore: {types: ['no.Such']}}", env="prod")

    workshop.kedro("run", "--env=prod")

    assert "data/out_dev.txt" in workshop.new_files(dict.fromkeys(BASE))
    assert not any("mid_" in path for path in workshop.files())


@pytest.mark.parametrize(
    ("settings", "variables", "expected"),
    [
        ("steel_toes: {trunc: [x]}", {}, ["'steel_toes.trunc'", "'trunk'"]),
        ("steel_toe: {enabled: true}", {}, ["'steel_toe'", "'steel_toes'"]),
        (
            "steel_toes: {ignore: {name: [x]}}",
            {},
            ["'steel_toes.ignore.name'", "'names'"],
        ),
        ("steel_toes: {enabled: maybe}", {}, ["'steel_toes.enabled'", "maybe"]),
        ("", {"STEEL_TOES": "perhaps"}, ["STEEL_TOES", "perhaps"]),
        ("", {"STEEL_TOES_BRANCH": "HEAD"}, ["STEEL_TOES_BRANCH", "HEAD"]),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_which(
    workshop: Workshop,
    settings: str,
    variables: dict[str, str],
    expected: list[str],
) -> None:
    workshop.settings(settings)
    before = workshop.files()

    error = workshop.refused(**variables)

    assert all(text in error for text in expected), error
    assert workshop.files() == before


def test_only_missing_outputs_runs_the_code_of_a_new_branch(
    workshop: Workshop,
) -> None:
    with workshop.base_untouched():
        workshop.kedro("run", "--only-missing-outputs")

    assert workshop.read("data/out_dev.txt") == "total(clean(raw))"

    workshop.write({"data/out_dev.txt": "kept"})
    workshop.kedro("run", "--only-missing-outputs")

    assert workshop.read("data/out_dev.txt") == "kept"


def test_a_branch_copy_that_cannot_be_read_is_an_error_not_the_base(
    workshop: Workshop,
) -> None:
    """Here a link to itself; os.path.exists() and fsspec would say that it is absent."""
    (workshop.path / "data" / "mid_dev.txt").symlink_to("mid_dev.txt")
    before = workshop.files()

    result = workshop.kedro("run", "--nodes=total", check=False)

    assert result.returncode == 1
    assert "symbolic links" in result.stdout + result.stderr
    assert workshop.files() == before  # so no output was made of the wrong data


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="needs a folder that may not be read, and root may read all",
)
def test_a_branch_copy_that_may_not_be_read_is_an_error_not_the_base(
    workshop: Workshop,
) -> None:
    workshop.catalog(
        CATALOG.replace('"data/mid.txt"', '"data/mid.txt", versioned: true')
    )
    workshop.write({"data/mid_dev.txt/1/mid_dev.txt": "of dev"})
    (workshop.path / "data" / "mid.txt").unlink()
    workshop.write({"data/mid.txt/1/mid.txt": WRONG})
    (workshop.path / "data" / "mid_dev.txt").chmod(0)

    result = workshop.kedro("run", "--nodes=total", check=False)
    (workshop.path / "data" / "mid_dev.txt").chmod(0o755)

    assert result.returncode == 1
    assert "Permission denied" in result.stdout + result.stderr
    assert not workshop.has("data/out_dev.txt")
