"""Runs to show: small ones, large ones, and ones that went wrong."""

from kit import ops

runs = ops("run_status.model")
State, Phase = runs.State, runs.Phase

START = 1_795_000_000.0  # 18 November 2026
STEPS = {
    "clean": (["raw"], ["table"]),
    "split": (["table", "params:share"], ["train", "test"]),
    "fit": (["train"], ["model"]),
    "score": (["model", "test"], ["metrics"]),
}
SCHEMA = {"id": "int64", "mass": "float64"}


def nodes(steps=None, namespace=None):
    """Nodes by their names: inputs and outputs."""
    return [
        runs.Node(
            f"{namespace}.{name}" if namespace else name,
            list(inputs),
            list(outputs),
            short_name=name,
            namespace=namespace,
            tags=["daily"],
        )
        for name, (inputs, outputs) in (steps or STEPS).items()
    ]


def wide(count, spaces=1):
    """Many nodes, each of which needs what up to three before it made."""
    return [
        runs.Node(
            f"area_{i * spaces // count}.make_{i}" if spaces > 1 else f"make_{i}",
            [f"data_{max(0, i - 7 * k)}" for k in range(1, 2 + i % 3)]
            if i
            else ["raw"],
            [f"data_{i}"] if i else ["data_0"],
            short_name=f"make_{i}",
            namespace=f"area_{i * spaces // count}" if spaces > 1 else None,
        )
        for i in range(1, count + 1)
    ]


def run(key="r1", steps=None, at=START, **known):
    """A run all of whose nodes took a second, one after the other."""
    made = runs.Run(
        key,
        f"id-{key}",
        state=State.SUCCEEDED,
        pipelines=["__default__"],
        env="local",
        runner="SequentialRunner",
        project="Some Project",
        branch="dev",
        commit="0123456789abcdef",
        user="ada",
        host="machine-7",
        started=at,
    )
    for number, node in enumerate(steps or nodes()):
        start = at + number
        node.state = State.SUCCEEDED
        node.started, node.ended = start, start + 1
        node.spans = [
            runs.Span(Phase.LOADING, start, start + 0.25),
            runs.Span(Phase.COMPUTING, start + 0.25, start + 0.75),
            runs.Span(Phase.SAVING, start + 0.75, start + 1),
        ]
        node.peak_memory = 200_000_000
        made.nodes[node.name] = node
        for side, names in (("loaded", node.inputs), ("saved", node.outputs)):
            for name in names:
                dataset = made.datasets.setdefault(name, _dataset(name))
                setattr(dataset, side, runs.Figures(120, 4_096, SCHEMA, {"mass": 2}))
    made.ended = made.last_news = at + len(made.nodes)
    for name, value in known.items():
        setattr(made, name, value)
    return made


def _dataset(name):
    return runs.Dataset(name, "pandas.ParquetDataset", f"data/{name}_dev.parquet")


def failed(key="r2", name="fit", message="no such column", **known):
    """A run in which a node failed, and those after it did not run."""
    made = run(key, state=State.FAILED, **known)
    after = False
    for node in made.nodes.values():
        if after:
            node.state, node.spans = State.UPSTREAM_FAILED, []
            node.started = node.ended = None
        if node.name == name:
            after = True
            node.state, node.spans = State.FAILED, node.spans[:2]
            node.failure = made.failure = runs.Failure(
                "ValueError", message, f"Traceback: it ends with {message}"
            )
    made.resume = f"kedro run --from-nodes={name}"
    return made


def going_on(key="r3", done=2, **known):
    """A run that has got so far, with a node at work."""
    made = run(key, state=State.RUNNING, **known)
    for number, node in enumerate(made.nodes.values()):
        node.usual = 1.0
        if number == done:
            node.state, node.ended = State.RUNNING, None
            node.spans = [runs.Span(Phase.LOADING, node.started)]
            made.last_news = node.started
        elif number > done:
            node.state, node.spans = State.QUEUED, []
            node.started = node.ended = None
    made.ended = None
    return made
