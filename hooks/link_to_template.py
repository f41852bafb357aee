"""Links a new project to its template, so that `cruft update` works."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

NO_COMMIT = """\
This starter came without a git commit (a zip file or a plain folder), so `cruft update` cannot follow it.
"""
NOT_ALL_COMMITTED = """\
The starter has uncommitted changes. `.cruft.json` names its last commit, without them.
"""
# What cookiecutter adds to the answers, and cruft does not keep.
OF_THIS_RUN = {"_output_dir", "_repo_dir", "_checkout", "_starter"}


class Git(Protocol):
    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]: ...


def link_to_template(answers: dict[str, Any], git: Git) -> None:
    """Write `.cruft.json` as cruft would, or say why it is not possible."""
    starter = answers["_starter"]
    at = ["-C", starter["folder"]]
    # Git does not know the last of them in a folder that is not in the commit.
    facts = ["HEAD", "--show-toplevel", "--show-prefix", "HEAD:./cookiecutter.json"]
    found = git(*at, "rev-parse", *facts) if shutil.which("git") else None
    if found is None or found.returncode:
        installed = installed_from(Path(starter["folder"]))
        if installed is None:
            sys.stderr.write(NO_COMMIT)
            return
        address, commit, checkout, directory = installed
    else:
        commit, address, directory, _ = found.stdout.splitlines()
        checkout = None  # Cookiecutter takes the user's own folder as it is
        if not starter["is_own"]:
            checkout = answers["_checkout"]
            address = git(*at, "config", "remote.origin.url").stdout
        elif git(*at, "status", "--porcelain", ".").stdout:
            sys.stderr.write(NOT_ALL_COMMITTED)
    address = without_secrets(address)
    kept = {key: answers[key] for key in answers if key not in OF_THIS_RUN}
    kept |= {"_template": address, "_commit": commit}
    link = {
        "template": address,
        "commit": commit,
        "checkout": checkout,
        "context": {"cookiecutter": kept},
        "directory": directory.rstrip("/") or None,
    }
    text = json.dumps(link, indent=2) + "\n"
    Path(".cruft.json").write_text(text, encoding="utf-8")


def installed_from(folder: Path) -> tuple[str, str, str | None, str] | None:
    """Where pip found the commit of a template that was installed as a package.

    The file is of PEP 610. There is none for a package from a registry.
    """
    for file in folder.parents[1].glob(
        f"{folder.parent.name}-*.dist-info/direct_url.json"
    ):
        origin = json.loads(file.read_text(encoding="utf-8"))
        if git := origin.get("vcs_info"):
            asked_for = git.get("requested_revision")
            return (
                origin["url"],
                git["commit_id"],
                asked_for,
                origin.get("subdirectory", ""),
            )
    return None


def without_secrets(address: str) -> str:
    """The address without a password, and without the user of a web address.

    Either may be a token. The user of an SSH address is a part of the address.
    """
    address = re.sub(r"^(https?://)[^/]*@", r"\1", address.strip())
    return re.sub(r"^(\w+://[^/:@]+):[^/]*@", r"\1@", address)
