"""A pipeline with two entries of every dataset class that keeps its data in files here.

It is a module of the tests, which write the catalog by it, and of the project that they
run: for each class a node makes data of a number, one copies it, and one reads the copy.
"""

from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from kedro.io import AbstractVersionedDataset
from kedro.pipeline import Node, Pipeline

N = 0  # every value holds a number; main's are these
DISTANCE = 100  # of the second entry's number to the first's


def frame(n: int) -> Any:
    return import_module("pandas").DataFrame({"n": [n, n + 1], "t": [f"n{n}", ""]})


def of_frame(data: Any) -> int:
    return int(data["n"][0])


def polars_frame(n: int) -> Any:
    return import_module("polars").DataFrame({"n": [n, n + 1]})


def of_lazy(data: Any) -> int:
    return of_frame(data.lazy().collect())


def ibis_table(n: int) -> Any:
    return import_module("ibis").memtable({"n": [n, n + 1]})


def of_ibis(data: Any) -> int:
    return int(data["n"].min().execute())


def figure(n: int) -> Any:
    return import_module("plotly.graph_objects").Figure(
        import_module("plotly.graph_objects").Scatter(x=[f"n{n}"])
    )


def of_figure(data: Any) -> int:
    return int(data.data[0].x[0][1:])


def drawing(n: int) -> Any:
    figure = import_module("matplotlib.figure").Figure()
    figure.suptitle(str(n))
    return figure


def graph(n: int) -> Any:
    return import_module("networkx").path_graph(n + 1)


def of_graph(data: Any) -> int:
    return len(data) - 1


def picture(n: int) -> Any:
    return import_module("PIL.Image").new("RGB", (n + 1, 1))


def of_picture(data: Any) -> int:
    return int(data.size[0]) - 1


def message(n: int) -> Any:
    mail = import_module("email.message").EmailMessage()
    mail.set_content(str(n))
    return mail


def matrix(n: int) -> Any:
    return import_module("numpy").full((2, 2), n)


def partitions(n: int) -> Any:
    return {"a": str(n), "b": lambda: str(n)}


def of_partitions(data: Any) -> int:
    (number,) = {int(load() if callable(load) else load) for load in data.values()}
    return number


def geometry(n: int) -> Any:
    points = import_module("shapely.geometry").Point(n, n)
    return import_module("geopandas").GeoDataFrame({"n": [n]}, geometry=[points])


def dask_frame(n: int) -> Any:
    return import_module("dask.dataframe").from_pandas(frame(n), npartitions=1)


def of_dask(data: Any) -> int:
    return of_frame(data.compute())


def hugging_face(n: int) -> Any:
    return import_module("datasets").Dataset.from_dict({"n": [n]})


def of_hugging_face(data: Any) -> int:
    return int((data["train"] if isinstance(data, dict) else data)["n"][0])


def word_document(n: int) -> Any:
    document = import_module("docx").Document()
    document.add_paragraph(str(n))
    return document


def slides(n: int) -> Any:
    presentation = import_module("pptx").Presentation()
    presentation.core_properties.title = str(n)
    return presentation


def sequences(n: int) -> Any:
    record = import_module("Bio.SeqRecord").SeqRecord
    return [record(import_module("Bio.Seq").Seq("A"), id=str(n), description="")]


def features(n: int) -> Any:
    numpy = import_module("numpy")
    return numpy.array([[1.0, 2.0]]), numpy.array([n])


class Kind(NamedTuple):
    """A class, the rest of an entry, and how a number becomes data and comes back."""

    type: str
    file: str  # the ending of its file; of a folder it is empty
    make: Any = lambda n: {"n": n}
    number: Any = lambda data: data["n"]  # None if it can only be saved
    entry: dict[str, Any] = {}
    needs: str = ""  # a module that its class imports only when it is used
    not_with: tuple[str, ...] = ()  # runners with which it fails on main, too
    where: str = "filepath"

    @property
    def name(self) -> str:
        more = [str(text) for text in self.entry.values() if isinstance(text, str)]
        more += [self.entry.get("connection", {}).get("backend", "")]
        return "_".join([self.type.replace(".", "_"), *filter(str.isidentifier, more)])

    @property
    def dataset_class(self) -> Any:
        """None if a library is not installed."""
        module, name = self.type.split(".")
        with suppress(ImportError, AttributeError):
            return getattr(import_module(f"kedro_datasets.{module}"), name)
        return None

    def can_be_used(self) -> bool:
        installed = not self.needs or find_spec(self.needs) is not None
        return installed and self.dataset_class is not None


def database(backend: str, ending: str) -> dict[str, Any]:
    connection = {"backend": backend, "database": f"data/ibis.{ending}"}
    return {"connection": connection, "save_args": {"materialized": "table"}}


TABLE, POLARS = (frame, of_frame), (polars_frame, of_lazy)
GRAPH, IBIS = (graph, of_graph), (ibis_table, of_ibis)
HUGGING_FACE = (hugging_face, of_hugging_face)
PLOT = {"type": "line", "fig": {"x": "t", "y": "n"}}

KINDS = [
    Kind(
        "biosequence.BioSequenceDataset",
        ".fasta",
        sequences,
        lambda data: int(data[0].id),
        {"save_args": {"format": "fasta"}, "load_args": {"format": "fasta"}},
    ),
    Kind(
        "dask.CSVDataset",
        ".csv",
        dask_frame,
        of_dask,
        {"save_args": {"single_file": True}},
        not_with=("ThreadRunner",),
    ),
    Kind("dask.ParquetDataset", "", dask_frame, of_dask),
    Kind(
        "email.EmailMessageDataset",
        ".eml",
        message,
        lambda data: int(data.get_content()),
    ),
    Kind(
        "geopandas.GenericDataset",
        ".parquet",
        geometry,
        of_frame,
        {"file_format": "parquet"},
    ),
    Kind("huggingface.ArrowDataset", "", *HUGGING_FACE, where="path"),
    Kind("huggingface.CSVDataset", ".csv", *HUGGING_FACE, where="path"),
    Kind("huggingface.JSONDataset", ".json", *HUGGING_FACE, where="path"),
    Kind("huggingface.ParquetDataset", ".parquet", *HUGGING_FACE, where="path"),
    Kind(
        "ibis.FileDataset",
        ".parquet",
        *IBIS,
        {"connection": {"backend": "duckdb"}},
        not_with=("ThreadRunner",),
    ),
    Kind(
        "ibis.FileDataset",
        ".csv",
        *IBIS,
        {"file_format": "csv", "connection": {"backend": "duckdb"}},
        not_with=("ThreadRunner",),
    ),
    Kind(
        "ibis.TableDataset",
        "",
        *IBIS,
        database("duckdb", "duckdb"),
        not_with=("ParallelRunner", "ThreadRunner"),
        where="table_name",
    ),
    Kind(
        "ibis.TableDataset",
        "",
        *IBIS,
        database("sqlite", "sqlite"),
        not_with=("ThreadRunner",),
        where="table_name",
    ),
    Kind("json.JSONDataset", ".json"),
    Kind("matlab.MatlabDataset", ".mat", matrix, lambda data: int(data["data"][0][0])),
    Kind("matplotlib.MatplotlibDataset", ".png", drawing, None),
    Kind("networkx.GMLDataset", ".gml", *GRAPH),
    Kind("networkx.GraphMLDataset", ".graphml", *GRAPH),
    Kind("networkx.JSONDataset", ".json", *GRAPH),
    Kind(
        "openxml.DocxDataset",
        ".docx",
        word_document,
        lambda data: int(data.paragraphs[0].text),
    ),
    Kind(
        "openxml.PptxDataset",
        ".pptx",
        slides,
        lambda data: int(data.core_properties.title),
    ),
    Kind("pandas.CSVDataset", ".csv", *TABLE),
    Kind(
        "pandas.DeltaTableDataset",
        "",
        *TABLE,
        {"save_args": {"mode": "overwrite"}},
        not_with=("ParallelRunner",),
    ),
    Kind("pandas.ExcelDataset", ".xlsx", *TABLE, needs="openpyxl"),
    Kind("pandas.FeatherDataset", ".feather", *TABLE),
    Kind("pandas.GenericDataset", ".csv", *TABLE, {"file_format": "csv"}),
    Kind("pandas.HDFDataset", ".h5", *TABLE, {"key": "t"}, needs="tables"),
    Kind("pandas.JSONDataset", ".json", *TABLE),
    Kind("pandas.ParquetDataset", ".parquet", *TABLE),
    Kind(
        "pandas.SQLTableDataset",
        "",
        *TABLE,
        {
            "credentials": {"con": "sqlite:///data/pandas.sqlite"},
            "save_args": {"if_exists": "replace"},
        },
        where="table_name",
    ),
    Kind("pandas.XMLDataset", ".xml", *TABLE, needs="lxml"),
    Kind(
        "partitions.PartitionedDataset",
        "",
        partitions,
        of_partitions,
        {"dataset": "text.TextDataset"},
        where="path",
    ),
    Kind(
        "partitions.IncrementalDataset",
        "",
        partitions,
        of_partitions,
        {"dataset": "text.TextDataset"},
        where="path",
    ),
    Kind("pickle.PickleDataset", ".pkl"),
    Kind("pillow.ImageDataset", ".png", picture, of_picture),
    Kind("plotly.HTMLDataset", ".html", figure, None),
    Kind("plotly.JSONDataset", ".json", figure, of_figure),
    Kind("plotly.PlotlyDataset", ".json", frame, of_figure, {"plotly_args": PLOT}),
    # With polars 2, that of kedro-datasets 9.6 saves what it cannot load.
    Kind("polars.CSVDataset", ".csv", polars_frame, None),
    Kind("polars.EagerPolarsDataset", ".parquet", *POLARS, {"file_format": "parquet"}),
    Kind("polars.LazyPolarsDataset", ".parquet", *POLARS, {"file_format": "parquet"}),
    Kind("svmlight.SVMLightDataset", ".svm", features, lambda data: int(data[1][0])),
    Kind("text.TextDataset", ".txt", str, int),
    Kind("yaml.YAMLDataset", ".yml"),
]


def chosen() -> list[Kind]:
    return [kind for kind in KINDS if kind.can_be_used()]


def catalog() -> dict[str, Any]:
    entries = {}
    for kind in chosen():
        has_versions = issubclass(kind.dataset_class, AbstractVersionedDataset)
        for name in ("in_1", "in_2", "out_1", "out_2"):
            entries[f"{kind.name}_{name}"] = {
                "type": kind.type,
                kind.where: f"data/{kind.name}/{name}{kind.file}"
                if kind.where != "table_name"
                else f"{kind.type[:4]}_{name}",
                **({"versioned": True} if has_versions and name.endswith("2") else {}),
                **kind.entry,
            }
        entries[f"{kind.name}_seen"] = {
            "type": "json.JSONDataset",
            "filepath": f"data/{kind.name}/seen.json",
        }
    return entries


def make(kind: str, n: int) -> Any:
    found = next(each for each in KINDS if each.name == kind)
    return found.make(n), found.make(n + DISTANCE)


def numbers(kind: str, *data: Any) -> list[int]:
    found = next(each for each in KINDS if each.name == kind)
    return [found.number(each) for each in data]


def copies(kind: str, *data: Any) -> Any:
    return make(kind, numbers(kind, *data)[0])


def create_pipeline() -> Pipeline:
    nodes = []
    for kind in chosen():
        name = kind.name
        ins, outs = ([f"{name}_{way}_{n}" for n in (1, 2)] for way in ("in", "out"))
        nodes.append(
            Node(partial(make, name), "params:n", ins, name=f"{name}_make", tags="make")
        )
        if kind.number:
            nodes.append(
                Node(partial(copies, name), ins, outs, name=f"{name}_copy", tags="use")
            )
            nodes.append(
                Node(
                    partial(numbers, name),
                    outs,
                    f"{name}_seen",
                    name=f"{name}_read",
                    tags=["use", "read"],
                )
            )
    return Pipeline(nodes)
