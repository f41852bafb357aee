"""What a dataset has stored, whatever its kind."""

from kedro.io import MemoryDataset
from kedro_datasets.text import TextDataset
from kit import ops

stored = ops("core.stored_data")


def test_files_are_known_and_memory_is_not(tmp_path):
    dataset = TextDataset(filepath=str(tmp_path / "a.txt"))

    assert isinstance(stored.stored_data(dataset), ops("core.stored_files").Files)
    assert stored.stored_data(MemoryDataset()) is None
    assert stored.stored_data(None) is None


def test_all_kinds_do_what_the_protocol_says():
    asked = {name for name in vars(stored.Stored) if not name.startswith("_")}
    tables = ops("core.stored_tables")
    for kind in (stored.Files, tables.SqlTable, tables.IbisTable):
        assert asked <= set(dir(kind))
