"""Where in the configuration a dataset is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from attrs import frozen


@frozen
class CatalogLines:
    """File and line of each entry of the catalog."""

    places: dict[str, str]

    @classmethod
    def of(cls, context: Any) -> CatalogLines:
        """Those of a project's catalog; none of one that is packed in an archive."""
        loader = context.config_loader
        source = Path(str(getattr(loader, "conf_source", "")))
        patterns = getattr(loader, "config_patterns", {}).get("catalog", [])
        environments = [getattr(loader, "base_env", None), context.env]
        environments[1] = environments[1] or getattr(loader, "default_run_env", None)
        places: dict[str, str] = {}
        for environment in filter(None, environments):  # the later one counts
            folder = source / environment
            files = {file for pattern in patterns for file in folder.glob(pattern)}
            for file in sorted(files):
                if file.suffix in {".yml", ".yaml"}:
                    places |= _lines(file, context.project_path)
        return cls(places)

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def of_entry(self, name: str) -> str:
        """``conf/base/catalog.yml:12``; nothing for an entry that code has made."""
        return self.places.get(name, "")


def _lines(file: Path, project: Path) -> dict[str, str]:
    try:
        top = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return {}  # Kedro says what is wrong with it
    if not isinstance(top, yaml.MappingNode):
        return {}
    shown = file.relative_to(project) if file.is_relative_to(project) else file
    return {
        str(key.value): f"{shown.as_posix()}:{key.start_mark.line + 1}"
        for key, _ in top.value
    }
