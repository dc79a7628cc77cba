"""Reads the repository for the tests of the house: tracked files, pyproject, compose."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def files(pattern: str) -> list[Path]:
    """The files git knows or would add; in a tree without git, all that are there and in no hidden folder."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob(pattern) if not hidden(path)]
    return sorted({path for path in found if path.is_file()})


def hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(ROOT).parts)


def pyproject() -> dict[str, Any]:
    return tomllib.loads(text("pyproject.toml"))


def compose() -> dict[str, Any]:
    """docker-compose.yml with its anchors and merge keys resolved, and its ${VARIABLES} as they stand."""
    loaded: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
    return loaded


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"][name]
    return found
