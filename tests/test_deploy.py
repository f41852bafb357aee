"""The option `deploy`: what its image holds, and what the guards do in a container.

No engine is needed: `build` follows the Dockerfile in a folder.
"""

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from attrs import Factory, define
from docker.utils.build import exclude_paths
from helpers import SWITCHES, commit, generate, run, tree
from kedro.framework.cli import project as kedro_cli

pytestmark = pytest.mark.xdist_group("image")

AIRFLOW = ["conf/airflow", "conf/base/airflow.yml", "tests/test_dags.py"]
DOCKER = ["Dockerfile", ".dockerignore"]
BRANCH = "feat/image"
SECRET = "s3cret-of-the-test"
# Where credentials and other things lie that are not for an image.
NOT_FOR_THE_IMAGE = [
    *("conf/local/credentials.yml", "conf/local/more/credentials.yaml"),
    *("conf/prod/credentials.yml", "conf/prod/credentials/bucket.yml"),
    *("conf/credentials_prod.yml", ".env", "src/.env", "data/01_raw/customers.csv"),
]
CATALOG = """
cleaned:
  type: text.TextDataset
  filepath: data/02_intermediate/cleaned.txt
"""
PIPELINE = """
import os
import time

from kedro.pipeline import Pipeline, node


def clean() -> str:
    time.sleep(float(os.environ.get("SECONDS", 0)))
    return "clean"


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline([node(clean, None, "cleaned", name="clean")])
"""


@define
class Image:
    """A stage of a Dockerfile, in a folder that stands for its root folder."""

    root: Path
    arguments: dict[str, str]
    environment: dict[str, str] = Factory(dict)
    folder: str = "/"
    user: str = ""
    command: list[str] = Factory(list)

    def path(self, path: str) -> Path:
        return self.root / os.path.join(self.folder, path).lstrip("/")

    def inside(self, text: str) -> str:
        """A text in which absolute paths lead into the folder."""
        return re.sub(r"(?<![\w.$/])/(?=\w)", f"{self.root}/", text)

    def expand(self, text: str) -> str:
        known = self.arguments | self.environment
        return self.inside(Template(text).substitute(known))

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a container: as the user of the image, without git."""
        owner, group = map(int, self.user.split(":"))
        other: Any = {"user": owner, "group": group, "extra_groups": []}
        return subprocess.Popen(
            command or self.command,
            cwd=self.path("."),
            env={"DO_NOT_TRACK": "1", **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **(other if os.geteuid() == 0 else {}),
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        with self.start(*command, **environment) as process:
            said = process.communicate(timeout=120)[0]
        return process.returncode, said

    def records(self) -> list[dict[str, Any]]:
        """What the store holds, of the journal and the manifest."""
        files = self.path("data/.ops").rglob("*.jsonl")
        lines = [line for file in files for line in file.read_text().splitlines()]
        return [json.loads(line) for line in lines]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [entry for entry in self.records() if entry.get("event") == name]

    def runs(self) -> list[dict[str, Any]]:
        code, said = self.run("kedro", "runs", "list", "--json")
        assert code == 0, said
        return json.loads(said.splitlines()[-1])


def build(project: Path, folder: Path, arguments: dict[str, str]) -> Image:
    """Follow the instructions of a Dockerfile."""
    stages: dict[str, Image] = {}
    for number, (instruction, rest) in enumerate(instructions(project)):
        match instruction:
            case "FROM":
                root, name = folder / "root", rest.partition(" AS ")[2]
                if stages:  # the paths in it are those of the image
                    last = stages[[*stages][-1]]
                    last.root = root.rename(folder / f"stage-{number}")
                (root / "tmp").mkdir(parents=True)
                (root / "tmp").chmod(0o1777)
                stages[name] = image = Image(root, {}, {"PATH": "/nothing"})
            case "WORKDIR":
                image.folder = rest
                image.path(".").mkdir(parents=True)
            case "COPY":
                copy(rest, project, image, stages)
            case "RUN":
                run("sh", "-euc", with_uv(image.inside(rest)), cwd=image.path("."))
            case "ARG":
                image.arguments[rest] = arguments.get(rest, "")
            case "ENV":
                for each in shlex.split(rest):
                    key, _, value = each.partition("=")
                    image.environment[key] = image.expand(value)
            case "USER":
                image.user = rest
            case "CMD":
                image.command = json.loads(rest)
            case _:
                raise ValueError(instruction)
    return image


def instructions(project: Path) -> Iterator[list[str]]:
    text = (project / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        yield line.split(maxsplit=1)


def copy(rest: str, project: Path, image: Image, stages: dict[str, Image]) -> None:
    *options, source, target = rest.split()
    given = dict(option.lstrip("-").split("=") for option in options)
    if "from" in given:
        origin = stages[given["from"]].path(source)
        shutil.copytree(origin, image.path(target), symlinks=True)
        return
    for name in context(project):
        if source in {".", name}:
            file = image.path(target) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / name, file)
            file.chmod(int(given.get("chmod", "644"), base=8))


def context(project: Path) -> list[str]:
    """The files that COPY sees."""
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and line[0] != "#"]
    kept = exclude_paths(str(project), patterns) - {*DOCKER}
    return [path for path in sorted(kept) if (project / path).is_file()]


def with_uv(command: str) -> str:
    """The commands of pip in those of uv, which takes a tenth of the time."""
    venv, pip = r"python -m venv", r"(\S+)/bin/pip install --no-cache-dir"
    assert re.search(venv, command) and re.search(pip, command)
    made = f"uv venv --quiet --python={python_for_everybody()}"
    install = r"uv pip install --quiet --compile-bytecode --python=\1"
    return re.sub(pip, install, re.sub(venv, made, command))


def python_for_everybody() -> Path:
    """A Python that the user of the image can start."""
    ours = Path(sys.executable).resolve()
    if os.geteuid() != 0:
        return ours
    others = [folder.stat().st_mode & stat.S_IXOTH for folder in ours.parents]
    found = ours if all(others) else Path("/usr/bin/python3")
    if not found.exists():
        pytest.skip("There is no Python that another user can start.")
    return found


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [("none", []), ("docker", DOCKER), ("airflow", [*DOCKER, *AIRFLOW])],
)
def test_the_files_come_only_with_their_answer(deploy, expected, tmp_path):
    project = generate(tmp_path, deploy=deploy)

    there = [file for file in [*DOCKER, *AIRFLOW] if (project / file).exists()]
    assert there == expected


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one node, on a branch, with credentials in all places."""
    folder = tmp_path_factory.mktemp("project")
    project = generate(folder, deploy="docker", example=False, ci="none")
    with (project / "requirements.txt").open("a", encoding="utf-8") as requirements:
        requirements.write("kedro-datasets>=9.6,<10\n")
    (project / "conf/base/catalog.yml").write_text(CATALOG, encoding="utf-8")
    pipeline = project / "src/toe_test/pipelines/cleaning"
    pipeline.mkdir()
    (pipeline / "__init__.py").write_text(PIPELINE, encoding="utf-8")
    run("git", "switch", "--quiet", "--create", BRANCH, cwd=project)
    commit(project)
    for name in NOT_FOR_THE_IMAGE:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f"bucket: {{secret: {SECRET}}}\n", encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def image(project: Path) -> Iterator[Image]:
    """Its image by README.md, read-only but for `data`, where a volume would be."""
    readme = (project / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r'--build-arg (\w+)="\$\((.*?)\)"', readme)
    arguments = {
        name: run("sh", "-c", command, cwd=project).stdout.strip()
        for name, command in commands
    }
    # Not in the temporary folder of the tests, which other users may not enter.
    outside = Path(tempfile.gettempdir()).parent
    with tempfile.TemporaryDirectory(dir=outside) as folder:
        Path(folder).chmod(0o755)
        image = build(project, Path(folder), arguments)
        image.path("data").mkdir()
        if os.geteuid() == 0:
            os.chown(image.path("data"), *map(int, image.user.split(":")))
        else:
            run(
                "chmod",
                "-R",
                "a-w",
                image.path("conf"),
                image.path("src"),
                cwd=image.root,
            )
            image.path(".").chmod(0o555)
        yield image
        run("chmod", "-R", "u+w", folder, cwd=project)


def test_no_credentials_are_in_the_image_or_in_a_layer(image):
    files = [path for path in image.root.parent.rglob("*") if path.is_file()]

    assert image.path("conf/base/catalog.yml") in files
    assert image.path("conf/local/.gitkeep") in files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_credentials_that_only_name_variables_can_come_with_the_image(
    project, tmp_path
):
    file = "conf/base/credentials.yml"
    copied = shutil.copytree(project, tmp_path / "project")
    (copied / file).write_text('slack: {token: "${oc.env:SLACK_TOKEN}"}')
    assert file not in context(copied)

    with (copied / ".dockerignore").open("a") as ignored:
        ignored.write(f"!{file}\n")  # as docs/deploy.md says
    assert {*context(copied)} - {*context(project)} == {file}


@pytest.mark.parametrize(
    ("options", "left_out"),
    [({}, False), ({"TAR_OPTIONS": "--exclude=*credentials*"}, True)],
)
def test_the_archive_of_kedro_package_has_credentials_unless_tar_leaves_them_out(
    options, left_out, project, tmp_path, monkeypatch
):
    """As docs/deploy.md says; this is about Kedro's own command."""
    if "GNU tar" not in run("tar", "--version", cwd=tmp_path).stdout:
        pytest.skip("Only GNU tar reads TAR_OPTIONS.")
    copied = shutil.copytree(project, tmp_path / "project")
    (copied / "dist").mkdir()
    archive_only(monkeypatch)
    for name, value in options.items():
        monkeypatch.setenv(name, value)

    monkeypatch.chdir(copied)
    known = SimpleNamespace(project_path=copied, package_name="toe_test")

    kedro_cli.package.callback.__wrapped__(known)

    files = run("tar", "-xzOf", *copied.glob("dist/conf-*.tar.gz"), cwd=copied).stdout
    assert "data/02_intermediate" in files  # of the catalog
    assert (SECRET not in files) is left_out


def archive_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `kedro package` leave out the wheel, for which it would need the network."""

    def call(command: list[str], **options: Any) -> None:
        if command[0] == "tar":
            subprocess.run(command, check=True, **options)

    monkeypatch.setattr(kedro_cli, "call", call)


def test_a_run_is_one_of_the_branch_that_was_built(image, project):
    before = tree(image.path("src")) | tree(image.path("conf"))

    code, said = image.run()

    assert code == 0, said
    assert "WARNING" not in said
    [ran] = image.runs()
    assert (ran["branch"], ran["state"]) == (BRANCH, "succeeded")
    head = run("git", "rev-parse", "HEAD", cwd=project).stdout.strip()
    origins = [entry for entry in image.records() if "commit" in entry]
    assert [origin["commit"] for origin in origins] == [head, head]
    [saved] = image.path("data/02_intermediate").iterdir()
    assert saved.name.startswith("cleaned_feat-image-")
    assert tree(image.path("src")) | tree(image.path("conf")) == before
    assert {path.name for path in image.path(".").iterdir()} == {
        *("conf", "data", "pyproject.toml", "requirements.txt", "src")
    }


def test_without_its_branch_an_image_runs_nothing(image):
    code, said = image.run(STEEL_TOES_BRANCH="")

    assert code != 0
    assert "The git branch is unknown" in said
    assert "set STEEL_TOES_BRANCH=NAME" in said


CONTAINER = ["--map-root-user", "--pid", "--fork", "--kill-child"]


def test_a_container_that_is_stopped_records_that(image):
    # As process 1, as in a container, if this user may start one.
    as_first = [shutil.which("unshare") or "unshare", *CONTAINER]
    may = subprocess.run([*as_first, "true"], check=False).returncode == 0
    started = len(image.events("node_started"))
    command = [*(as_first if may else []), *image.command]
    with image.start(*command, SECONDS="60") as process:
        wait_for(lambda: len(image.events("node_started")) > started)
        top = psutil.Process(process.pid)
        [kedro] = top.children() if may else [top]
        kedro.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)

    expected = 128 + signal.SIGTERM if may else -signal.SIGTERM
    assert process.returncode == expected
    assert image.runs()[0]["state"] == "interrupted"
    assert image.events("run_interrupted")[-1]["type"] == "SIGTERM"


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("guards", [True, False])
def test_the_dockerfile_has_no_faults(guards, tmp_path):
    answers = {} if guards else dict.fromkeys(SWITCHES, False)
    project = generate(tmp_path, deploy="docker", **answers)

    run("hadolint", "Dockerfile", cwd=project)
    for file in [*DOCKER, "README.md"]:
        left = (project / file).read_text(encoding="utf-8")
        assert not re.search(r"\{%|\{\{|\n\n\n|[ \t]$", left, re.MULTILINE), file
    text = (project / "Dockerfile").read_text(encoding="utf-8")
    assert ("STEEL_TOES_BRANCH" in text) is guards
