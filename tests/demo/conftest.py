"""One server and one browser for all tests of the page; without a browser they skip."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--no-sandbox --disable-dev-shm-usage --disable-gpu --mute-audio --autoplay-policy=no-user-gesture-required".split()
)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> dict:
    """The page as a process of its own; its address, its temporary folder and its id."""
    pytest.importorskip("gradio", reason="the extra [demo] is not installed")
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "TMPDIR": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    log = folder.parent / "server.log"
    with log.open("w") as out:
        command = [sys.executable, str(ROOT / "demo" / "app.py")]
        process = subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait(process, address, log)
        yield {"address": address, "folder": folder, "log": log, "pid": process.pid}
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process, address: str, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"The page did not start:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    pytest.fail("The page did not start within two minutes.")


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with api.sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        except api.Error as error:
            pytest.skip(f"there is no Chromium here that starts: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, server):
    """Opens the page: `visit()` gives a `Visitor`. What the console complains of fails the test."""
    from tests.demo.visitor import Visitor

    visitors = []

    def visit(**options) -> Visitor:
        visitors.append(Visitor(browser, server["address"], **options))
        return visitors[-1]

    yield visit
    complaints = [text for visitor in visitors for text in visitor.complaints]
    for visitor in visitors:
        visitor.leave()
    assert not complaints
