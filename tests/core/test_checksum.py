"""Checksums: the same for the same content, and for no other."""

from kit import ops

checksum = ops("core.checksum")


def test_a_file_is_known_by_its_bytes(tmp_path):
    for name, text in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(text)
    a, b, c = (checksum.of_local_file(str(tmp_path / name)) for name in "abc")

    assert a == b != c
    assert a.startswith("xxh3:")


def test_texts_are_known_by_where_each_ends():
    texts = [("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ()]

    assert len({checksum.of_texts(*each) for each in texts}) == len(texts)


def test_a_table_has_no_order_and_counts_what_is_there_twice():
    columns = ["a", "b"]
    rows = [(1, "x"), (2, None), (2, None)]

    of_rows = checksum.of_rows
    assert of_rows(columns, rows) == of_rows(columns, rows[::-1])
    assert of_rows(columns, rows) != of_rows(columns, rows[:2])
    assert of_rows(columns, rows) != of_rows(["a", "c"], rows)
    assert of_rows(columns, []) != of_rows(["a"], [])
