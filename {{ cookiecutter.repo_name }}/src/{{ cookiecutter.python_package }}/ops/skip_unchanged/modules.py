"""The modules that code comes from: the project's own, Python's, or of a package."""

from __future__ import annotations

import functools
import re
import sys
from collections import defaultdict
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from ..core.checksum import of_texts

EVERYTHING = "*"  # all packages that are installed
# What may be the name of code, in a text.
_NAME = re.compile(r"[A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*")


class Modules:
    """Where modules are, and whether they are the project's; nothing is imported."""

    def __init__(self, package: str) -> None:
        """Take the project's package."""
        self._package = package
        self._own: dict[str, bool] = {}
        self._specs: dict[str, ModuleSpec | None] = {}
        self._codes: dict[str, str] = {}

    def is_own(self, module: str) -> bool:
        """Whether a module is the project's own: neither Python's nor installed."""
        top = module.partition(".")[0]
        if top not in self._own:
            self._own[top] = self._is_own(top)
        return self._own[top]

    def _is_own(self, top: str) -> bool:
        if top in {self._package, "__main__"}:
            return True
        if _is_of_python(top):
            return False
        spec = self.spec(top)
        places = [*(spec and spec.submodule_search_locations or [])]
        if not places and spec and spec.origin:
            places = [spec.origin]
        folders = [Path(place).parent for place in places]
        return not folders or not all(map(_is_for_packages, folders))

    def origin(self, module: str) -> str:
        """The file of a module; empty if it has none."""
        spec = self.spec(module)
        return spec.origin or "" if spec and spec.has_location else ""

    def spec(self, module: str) -> ModuleSpec | None:
        """Where a module is, without importing it."""
        if module not in self._specs:
            above, _, _ = module.rpartition(".")
            spec = getattr(sys.modules.get(module), "__spec__", None)
            if spec is None and module:
                parent = self.spec(above) if above else None
                path = parent and parent.submodule_search_locations or []
                spec = PathFinder.find_spec(module, [*path] if above else None)
            self._specs[module] = spec
        return self._specs[module]

    def named_in(self, text: str) -> str:
        """The module of the project, or the package, of which a text names something."""
        if not _NAME.fullmatch(text):
            return ""
        name = text.replace(":", ".")
        top = name.partition(".")[0]
        if not self.is_own(top):
            return top if top in installed() else ""
        while name and not self.origin(name):
            name = name.rpartition(".")[0]
        return name

    def title(self, module: str) -> str:
        """A module as people look for it: its file, from the project's package on."""
        if not module:
            return "code without a file"
        path = module.removeprefix(f"{self._package}.").replace(".", "/")
        is_package = self.origin(module).endswith("__init__.py")
        return f"{path}/__init__.py" if is_package else f"{path}.py"

    def code_of_package(self, package: str) -> str:
        """All files of a package, without the kit."""
        if package not in self._codes:
            kit = Path(__file__).parents[1]
            spec = self.spec(package)
            found = []
            for place in [*(spec and spec.submodule_search_locations or [])]:
                files = (f for f in Path(place).rglob("*.py") if kit not in f.parents)
                for file in sorted(files):
                    name = file.relative_to(place).as_posix()
                    found.append(f"{name} {_content(file)}")
            if not found and spec and spec.origin:
                found.append(_content(Path(spec.origin)))
            self._codes[package] = of_texts(*found)
        return self._codes[package]


@functools.cache
def installed() -> dict[str, set[str]]:
    """The installed packages with their versions, by the modules that they bring."""
    found = defaultdict(set)
    # importlib.metadata.packages_distributions takes half a second, and in Python 3.10
    # does not know packages without a file top_level.txt.
    for notes in (each for top in sys.path for each in Path(top).glob("*.*-info")):
        for name in ("RECORD", "top_level.txt"):
            if (notes / name).is_file():
                for module in set(
                    re.findall(rb"(?m)^(\w+)(?:[/.]|$)", (notes / name).read_bytes())
                ):
                    package = " ".join(notes.stem.split("-")[:2])
                    found[module.decode()].add(package)
                break
    return found


def versions(package: str) -> list[str]:
    """What is installed of a package; nothing for Python's own modules."""
    if not package:
        return []
    if package == EVERYTHING:
        return sorted(set().union(*installed().values()))
    return sorted(installed().get(package, {f"{package} of no known version"}))


def _content(file: Path) -> str:
    return of_texts(file.read_bytes().decode("latin-1"))


def top_level(module: str) -> str:
    """The installed package that a module is of; empty for Python's own."""
    top = module.partition(".")[0]
    return "" if _is_of_python(top) else top


def _is_of_python(top: str) -> bool:
    # Cython puts its types into modules that do not exist.
    return top in sys.stdlib_module_names or top.startswith("_cython_")


def _is_for_packages(folder: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return True
    return any(folder.glob("*.dist-info/RECORD"))  # pip install --target
