"""The files of the docs site, for mkdocs.yml: docs/ and what its pages link to.

They keep their places, so that a link works on the site as it does in the repository.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent
BESIDE_DOCS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "cookiecutter.json",
    "example-config.yml",
    "organisation.yml",
    "prompts.yml",
]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Name the files as seen from the root of the repository, not from docs/."""
    theme = [file for file in files if file.src_dir != config.docs_dir]
    paths = [ROOT / name for name in BESIDE_DOCS]
    for pattern in ("docs/**/*.*", "benchmarks/*.md", "benchmarks/*.json"):
        paths += sorted(ROOT.glob(pattern))
    names = [path.relative_to(ROOT).as_posix() for path in paths]
    own = [
        File(name, str(ROOT), config.site_dir, config.use_directory_urls)
        for name in names
    ]
    return Files([*theme, *own])
