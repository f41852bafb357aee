"""What is asked about the datasets of a run, side by side or one at a time."""

import threading
from types import SimpleNamespace

from kedro.io import MemoryDataset
from kedro_datasets.text import TextDataset
from kit import ops

module = ops("steel_toes.checks")


def branched(target):
    return SimpleNamespace(target=target)


def test_databases_are_asked_one_at_a_time_and_buckets_side_by_side():
    """Threads that share a connection of DuckDB crash the process."""
    table = MemoryDataset()  # fsspec does not reach it
    file = TextDataset(filepath="a.txt")
    bucket = TextDataset(filepath="memory://b/a.txt")
    all_ = [branched(each) for each in (table, bucket, file, table, bucket)]

    def question(dataset):
        return dataset.target, threading.current_thread() is threading.main_thread()

    assert module.ask(question, all_) == [
        (table, True),
        (bucket, False),
        (file, True),
        (table, True),
        (bucket, False),
    ]
