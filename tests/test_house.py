"""The house stays in order: who may know whom, no rooms for odds and ends, nothing loaded too early."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

import deepdream_av

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "deepdream_av"
MODULES = sorted(PACKAGE.rglob("*.py"))

GROUND = {"errors", "fields", "interrupts", "quiet", "recipe"}  # what everybody may know
INPUTS = {"media", "spectral"}
PARTS = {"canvases", "transforms", "backbones", "objectives", "gan"}
BESIDE = {"temporal", "correlate", "analysis"}
VERBS = {
    "image",
    "audio",
    "video",
    "latent",
    "walk",
    "zoom",
    "style",
    "styled_sound",
    "explore",
    "demo",
    "replay",
    "cli",
    "flags",
    "verbs",
    "written",
    "__main__",
}

MAY_KNOW = {
    **dict.fromkeys(GROUND, GROUND),
    **{room: GROUND | {room} for room in INPUTS},
    **dict.fromkeys(PARTS, GROUND | INPUTS | PARTS),
    "ascent": GROUND | INPUTS | PARTS | {"ascent"},
    **dict.fromkeys(BESIDE, GROUND | INPUTS | PARTS | BESIDE | {"ascent"}),
}


def room_of(path: Path) -> str:
    """`media` for deepdream_av/media/image.py, `cli` for deepdream_av/cli.py."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path):
    """Every dotted name of this package that a module imports, at its top or inside a function."""
    package = ("deepdream_av", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            # `from deepdream_av import cli` names a module
            yield from (
                f"{module}.{alias.name}" if module == "deepdream_av" else module for alias in node.names
            )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_knows_only_what_lies_before_it(path):
    room = room_of(path)
    known = {name.split(".")[1] for name in imports(path) if name.startswith("deepdream_av.")} - {
        "__version__"
    }
    if room in VERBS or room == "__init__":
        return
    assert room in MAY_KNOW, f"a new room: say in this test what {room} may know"
    assert known <= MAY_KNOW[room], f"{room} imports {sorted(known - MAY_KNOW[room])}"
    assert not known & VERBS


def test_the_test_above_sees_imports():
    """A meter that reads nothing would always be content."""
    seen = set(imports(PACKAGE / "flags.py"))
    assert {"deepdream_av.errors", "deepdream_av.media", "deepdream_av.media.metadata"} <= seen


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_say_what_they_are_and_stay_small(path):
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"
    assert len(text.splitlines()) <= 400
    assert not {"utils", "util", "misc", "common", "helpers", "core"} & {
        p.lower() for p in (*path.parts, path.stem)
    }


def test_rooms_are_packages():
    for folder in {p.parent for p in MODULES}:
        assert (folder / "__init__.py").is_file(), folder


def test_importing_the_package_loads_nothing():
    script = (
        "import sys; before = set(sys.modules); import deepdream_av, deepdream_av.errors, deepdream_av.recipe\n"
        "print(sorted({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['deepdream_av']"


def test_every_public_name_is_there():
    for name in deepdream_av.__all__:
        assert getattr(deepdream_av, name) is not None
    assert set(deepdream_av.__all__) <= set(dir(deepdream_av))
    with pytest.raises(AttributeError, match="no attribute 'dream_smell'"):
        deepdream_av.dream_smell  # noqa: B018


def test_packaging_is_in_one_place():
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert [line for line in pyproject.splitlines() if line.startswith("[")] == ["[build-system]"]
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    runtime = setup["options"]["install_requires"]
    wanted = {"tensorflow", "numpy", "scipy", "opencv-python-headless", "av", "pillow", "tqdm"}
    assert {line.split(">=")[0].strip() for line in runtime.split("\n") if line} == wanted
    assert "<" not in runtime and "==" not in runtime  # lower bounds only
    assert {"demo", "hub", "training", "dev", "all"} <= set(setup["options.extras_require"])


def test_what_is_loaded_at_run_time_is_packaged():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["deepdream_av"].split()
    packaged = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    data = {p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    assert data <= packaged
