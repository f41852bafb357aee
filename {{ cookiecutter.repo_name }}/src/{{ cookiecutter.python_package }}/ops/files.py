"""The data of a dataset that keeps files: one, a folder of them, or versions."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from . import fingerprint


@frozen
class Files:
    """The files of a dataset, on whatever file system they are."""

    filesystem: Any
    path: str
    current: str  # the file of the version that is read now; else the path

    @classmethod
    def of(cls, dataset: Any) -> Files | None:
        """The files of a dataset; none if it keeps none that fsspec can reach."""
        single = getattr(dataset, "_fs", None)
        filesystem = single or getattr(dataset, "_filesystem", None)
        if filesystem is None:
            return None
        path = str(dataset._filepath if single else dataset._path)
        path = filesystem._strip_protocol(path)
        versioned = getattr(dataset, "_version", None) is not None
        current = path
        if versioned and dataset.exists():
            current = filesystem._strip_protocol(str(dataset._get_load_path()))
        return cls(filesystem, path, current)

    @property
    def location(self) -> str:
        """The path with its protocol."""
        return str(self.filesystem.unstrip_protocol(self.path))

    def fingerprint(self) -> str | None:
        """Of the content that is read now; none if there is none."""
        return fingerprint.of_path(self.filesystem, self.current)

    def size(self) -> int:
        """Bytes that it takes, with all versions; 0 if nothing is there."""
        self.filesystem.invalidate_cache(self.path)
        return int(self.filesystem.du(self.path))

    def remove(self) -> None:
        """Delete it, with all versions."""
        self.filesystem.rm(self.path, recursive=self.filesystem.isdir(self.path))
