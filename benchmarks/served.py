"""The web app as a process of its own, for benchmarks that call it as programs do."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Served:
    """A running page.

    Attributes:
        address: of the page.
        folder: where it was started; below it `tmp`, `home` and its log.
        process: what runs.
    """

    address: str
    folder: Path
    process: subprocess.Popen

    def memory(self) -> float:
        """Resident memory in MB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / 1e6

    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "server.log").read_text()


@contextlib.contextmanager
def served(folder: Path, **limits) -> Iterator[Served]:
    """Run the page in an empty folder, with limits by name (see `demo.limits`)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {"TMPDIR": folder / "tmp", "HOME": folder / "home", "XDG_CACHE_HOME": folder / "home" / ".cache"}
    for path in (*folders.values(), folder / "cwd"):
        path.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {name: str(path) for name, path in folders.items()}
    environment |= {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    environment |= {f"DEEPDREAM_AV_{name.upper()}": str(value) for name, value in limits.items()}
    with (folder / "server.log").open("w") as out:
        command = [sys.executable, str(ROOT / "demo" / "app.py")]
        process = subprocess.Popen(command, cwd=folder / "cwd", env=environment, stdout=out, stderr=out)
    page = Served(f"http://127.0.0.1:{port}/", folder, process)
    try:
        _wait(page)
        yield page
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def _wait(page: Served, seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and page.process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(page.address, timeout=5).close()
            return
        time.sleep(0.5)
    raise SystemExit(f"The page did not start:\n{page.log()[-2000:]}")
