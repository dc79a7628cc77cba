"""pyproject.toml and constraints.txt: everything is pinned, and the wheel holds all that runs."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from poetry.core.masonry import api

from tests.house.tree import ROOT, files, pyproject, text

PROJECT = pyproject()["project"]
PINS = {
    canonicalize_name(pin.name): pin
    for pin in map(Requirement, re.findall(r"^[^#\s].*$", text("constraints.txt"), re.MULTILINE))
}


def declared() -> list[Requirement]:
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*PROJECT["dependencies"], *extras]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in the wheel that poetry-core builds, as pip and poetry both do."""
    folder = tmp_path_factory.mktemp("wheel")
    name = api.build_wheel(str(folder))
    return zipfile.ZipFile(folder / name).namelist()


def test_every_dependency_is_pinned_to_a_version_that_it_allows() -> None:
    for requirement in declared():
        pin = PINS[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")

        assert requirement.specifier.contains(version, prereleases=True), requirement.name


def test_every_pin_is_exact() -> None:
    assert all(re.fullmatch(r"==[^,*]+", str(pin.specifier)) for pin in PINS.values())


def test_a_pin_names_no_local_build() -> None:
    """A +cpu would refuse the CUDA build, and the other way round."""
    assert all("+" not in str(pin.specifier) for pin in PINS.values())


def test_the_api_needs_no_library_of_the_models() -> None:
    base = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    models = {
        canonicalize_name(Requirement(line).name) for line in PROJECT["optional-dependencies"]["worker"]
    }

    assert base & (models | {"numpy", "pandas", "scikit-learn"}) == set()


@pytest.mark.parametrize("package", ["analytics", "workers", "api"])
def test_the_wheel_holds_every_file_of_the_packages(wheel: list[str], package: str) -> None:
    ours = {str(path.relative_to(ROOT)) for path in files(f"{package}/**") if "__pycache__" not in path.parts}

    assert ours - set(wheel) == set()


def test_the_wheel_holds_nothing_but_the_packages(wheel: list[str]) -> None:
    roots = {name.partition("/")[0] for name in wheel}

    assert {root for root in roots if not root.endswith(".dist-info")} == {"analytics", "workers", "api"}


def test_the_console_script_exists() -> None:
    module, _, function = PROJECT["scripts"]["dial-analytics"].partition(":")

    assert re.search(
        rf"^(def|async def) {function}\(|^{function} = ", text(f"{module.replace('.', '/')}.py"), re.MULTILINE
    )


def test_every_ignored_rule_is_explained_on_its_line() -> None:
    ruff = text("pyproject.toml").partition("[tool.ruff.lint]")[2].partition("[tool.ruff.lint.mccabe]")[0]
    rules = [line for line in ruff.splitlines() if re.match(r'\s*"[A-Z]+\d*",|"\S+" = \[".*\]', line)]

    assert len(rules) > 20
    assert [line for line in rules if "  # " not in line] == []


def test_poetry_finds_what_it_asks_for() -> None:
    settings = tomllib.loads(text("pyproject.toml"))

    assert settings["build-system"]["build-backend"] == "poetry.core.masonry.api"
    assert Path(ROOT, settings["project"]["readme"]).is_file()
