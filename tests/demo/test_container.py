"""What a container and a Space are made from agrees with the package."""

import configparser
import re
from pathlib import Path

from demo import looks

ROOT = Path(__file__).parents[2]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_the_container_pins_all_that_the_package_asks_for():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    asked = setup["options"]["install_requires"] + "\n" + setup["options.extras_require"]["demo"]
    lowest = dict(re.findall(r"^([\w-]+) *>= *([\d.]+)", asked, re.M))
    pinned = dict(re.findall(r"^ +([\w-]+)==([\d.]+)", (ROOT / "Dockerfile").read_text(), re.M))
    assert set(lowest) - set(pinned) == set()
    for name, version in lowest.items():
        assert _numbers(pinned[name]) >= _numbers(version), name


def test_the_container_is_an_ordinary_user_and_says_how_it_is():
    text = (ROOT / "Dockerfile").read_text()
    assert "--uid 1000" in text and "HEALTHCHECK" in text and "ARG IMAGENET_WEIGHTS=0" in text
    assert text.index("USER user") < text.index("COPY --chown=user")
    copied = re.findall(r"^COPY --chown=user ([\w .]+) [\w./]+$", text, re.M)
    ignored = (ROOT / ".dockerignore").read_text()
    for name in " ".join(copied).split():
        assert (ROOT / name).exists() and f"!{name}" in ignored


def test_the_front_matter_says_how_a_space_starts():
    text = (ROOT / "README.md").read_text()
    head = re.match(r"---\n(.*?)\n---\n", text, re.S)
    fields = dict(re.findall(r"^(\w+): *\"?([^\"\n]*)", head[1], re.M))
    assert fields["sdk"] == "docker" and fields["app_port"] == "7860"
    assert (ROOT / fields["app_file"]).is_file()
    assert _numbers(fields["python_version"]) >= (3, 11)
    assert f"gradio=={fields['sdk_version']}" in (ROOT / "Dockerfile").read_text()


def test_the_pictures_of_the_page_are_small():
    files = [p for p in looks.PICTURES.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 2_000_000
    assert max(p.stat().st_size for p in looks.LOOKS.glob("*.webp")) < 25_000
    shown = looks.shown(looks.looks())
    assert all(Path(path).is_file() for path, _ in shown)
    assert len({title for _, title in shown}) == len(shown)
