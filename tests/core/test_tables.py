"""Data in tables, by SQLAlchemy and by ibis."""

import pytest
from kit import ops

stored = ops("core.dataset_io")

pandas = pytest.importorskip("pandas")
sqlalchemy = pytest.importorskip("sqlalchemy")
sql = pytest.importorskip("kedro_datasets.pandas", exc_type=ImportError)

CARS = pandas.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"], "x": [1.5, 2, 3]})


@pytest.fixture
def table(tmp_path):
    """Makes the dataset of a table of a database of its own."""

    def make(name):
        url = f"sqlite:///{tmp_path}/cars.db"
        args = {"if_exists": "replace", "index": False}
        return sql.SQLTableDataset(
            table_name=name, credentials={"con": url}, save_args=args
        )

    return make


def test_a_table_has_a_place_and_content(table):
    cars = stored.stored_data(table("cars"))
    assert cars.fingerprint() is None
    table("cars").save(CARS)
    first = cars.fingerprint()
    table("cars").save(CARS.iloc[::-1])

    assert cars.location.endswith("cars.db::cars")
    assert cars.fingerprint() == first
    assert (cars.size(), cars.modified(), cars.version) == (None, None, None)
    assert cars.at(None) is cars
    assert not cars.is_view
    table("cars").save(CARS[:2])
    assert cars.fingerprint() != first
    cars.remove()
    cars.remove()
    assert cars.fingerprint() is None


def test_the_password_is_not_shown():
    class Engine:
        url = sqlalchemy.make_url("postgresql://me:secret@host/cars")

    location = ops("core.tables").SqlTable(Engine, "t", "shop").location
    assert location == "postgresql://me:***@host/cars::shop.t"


def test_a_place_beside_is_another_one_for_every_table(table):
    names = ["a" * 60, "a" * 59 + "b", "a"]
    beside = [
        stored.stored_data(table(name)).beside("new-0123abcd").name for name in names
    ]

    assert len(set(beside)) == 3
    assert all(len(name) < 60 and name.isidentifier() for name in beside)


def test_a_copy_with_the_same_columns_keeps_the_table_and_its_index(table):
    table("cars").save(CARS[:1])
    table("cars_dev").save(CARS)
    cars, dev = stored.stored_data(table("cars")), stored.stored_data(table("cars_dev"))
    with cars.engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE INDEX mine ON cars (id)"))
    cars.copy_from(dev)

    assert cars.fingerprint() == dev.fingerprint()
    indexes = sqlalchemy.inspect(cars.engine).get_indexes("cars")
    assert [index["name"] for index in indexes] == ["mine"]


def test_a_copy_with_other_columns_is_a_new_table_with_its_key(table):
    table("cars").save(CARS[["id"]])
    cars, dev = stored.stored_data(table("cars")), stored.stored_data(table("dev"))
    with cars.engine.begin() as connection:
        for text in (
            "CREATE TABLE dev (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "INSERT INTO dev VALUES (7, 'x')",
        ):
            connection.execute(sqlalchemy.text(text))
    cars.copy_from(dev)

    assert cars.fingerprint() == dev.fingerprint()
    inspector = sqlalchemy.inspect(cars.engine)
    assert inspector.get_pk_constraint("cars")["constrained_columns"] == ["id"]
    assert [c["nullable"] for c in inspector.get_columns("cars")][1] is False


def test_a_copy_that_fails_leaves_the_rows(table):
    table("cars").save(CARS)
    table("dev").save(CARS[:1])
    cars, dev = stored.stored_data(table("cars")), stored.stored_data(table("dev"))
    before = cars.fingerprint()
    with cars.engine.begin() as connection:
        refuse = "CREATE TRIGGER no BEFORE INSERT ON cars BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(sqlalchemy.text(refuse))

    with pytest.raises(sqlalchemy.exc.IntegrityError):
        cars.copy_from(dev)
    assert cars.fingerprint() == before


def test_a_table_takes_the_place_of_another_if_it_is_there(table):
    table("new").save(CARS)
    cars, new = stored.stored_data(table("cars")), stored.stored_data(table("new"))
    for _ in range(2):
        cars.take(new, cars.beside("out"))
    assert cars.fingerprint() == new.fingerprint() is not None
    expected = cars.fingerprint()
    new.remove()
    cars.take(new, cars.beside("out"))
    assert cars.fingerprint() == expected
