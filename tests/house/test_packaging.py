"""What is handed over: the wheel holds the four packages and their data, and runs with nothing else of this checkout."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("schedules", "starflow", "storage", "workflow")
PARTS = {
    "markupsafe": "jinja2",
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
}  # what comes with a dependency and is documented there
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_four_packages_and_no_other(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert held == {str(file.relative_to(ROOT)) for package in PACKAGES for file in shipped(ROOT / package)}


def shipped(package: Path) -> list[Path]:
    return [file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


@pytest.mark.long
def test_the_wheel_runs_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=True)
    install = [tmp_path / "bin" / "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    lend_dependencies(tmp_path)

    said = subprocess.run(
        [tmp_path / "bin" / "starflow", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (said.stdout.split()[-1:], said.stderr, said.returncode) == ([PROJECT["version"]], "", 0)


def lend_dependencies(environment: Path) -> None:
    """Other people's packages come from here; ours do not, since a path file found on such a path is not followed."""
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))


def test_what_is_imported_is_declared() -> None:
    extras = PROJECT["optional-dependencies"]
    lent = [line for extra in ("postgres", "oidc", "cluster") for line in extras[extra]]
    declared = {distribution(line) for line in [*PROJECT["dependencies"], *lent]}
    owners = importlib.metadata.packages_distributions()

    imported = {module for package in PACKAGES for file in (ROOT / package).rglob("*.py") for module in imports(file)}
    foreign = {PARTS.get(module, module) for module in imported - sys.stdlib_module_names - set(PACKAGES)}

    assert {m for m in foreign if not declared & {distribution(owner) for owner in owners.get(m, ())}} == set()


def test_every_extra_that_a_command_names_exists() -> None:
    named = {
        extra.strip()
        for file in ("Makefile", "README.md", ".ci/run")
        for extras in re.findall(r"\.\[([a-z, ]+)\]|--extra ([a-z]+)", (ROOT / file).read_text())
        for extra in "".join(extras).split(",")
    }

    assert named >= {"test", "browser"}
    assert named - set(PROJECT["optional-dependencies"]) == set()


def test_what_the_browser_tests_import_is_in_their_extra_or_in_that_of_the_tests() -> None:
    extras = PROJECT["optional-dependencies"]
    declared = {distribution(line) for line in [*PROJECT["dependencies"], *extras["test"], *extras["browser"]]}
    owners = importlib.metadata.packages_distributions()

    imported = {module for file in (ROOT / "tests" / "browser").rglob("*.py") for module in imports(file)}
    foreign = {PARTS.get(module, module) for module in imported - sys.stdlib_module_names - set(PACKAGES) - {"tests"}}

    assert {m for m in foreign if not declared & {distribution(name) for name in [m, *owners.get(m, ())]}} == set()


def imports(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in plain | named}


def distribution(requirement: str) -> str:
    """The bare name in `Psycopg[binary] >= 3`, as an index spells it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()
