"""Somebody who uses the page in a browser."""

from __future__ import annotations

import time
from pathlib import Path

_IGNORED = ("Method not implemented", "favicon", "willReadFrequently", "preload")


class Visitor:
    """One open page.

    Args:
        browser: of Playwright.
        address: of the page.
        width, height: of the window.
        dark: whether dark colours are preferred.
    """

    def __init__(self, browser, address: str, *, width: int = 1280, height: int = 900, dark: bool = False):
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        self.page, self.complaints = self._context.new_page(), []
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._heard)
        self.page.goto(address, timeout=90_000)
        self.page.get_by_role("tab").first.wait_for(timeout=60_000)

    def _heard(self, message) -> None:
        if message.type == "error" and not any(text in message.text for text in _IGNORED):
            self.complaints.append(message.text)

    @property
    def panel(self):
        """The tab that is open."""
        return self.page.locator("[role=tabpanel]:visible").first

    def open(self, tab: str) -> None:
        """Open a tab by its title."""
        self.page.get_by_role("tab", name=tab, exact=True).click()
        self.page.wait_for_timeout(300)

    def expect(self, tab: str) -> None:
        """Wait until a tab has come to the front."""
        self.page.locator("[role=tab][aria-selected=true]", has_text=tab).first.wait_for(timeout=20_000)

    def give(self, path: Path, *, at: int = 0) -> None:
        """Upload a file into the first field for files, or another one."""
        with self.page.expect_response(lambda response: "/upload" in response.url, timeout=30_000):
            self.panel.locator("input[type=file]").nth(at).set_input_files(path)
        self.page.wait_for_timeout(500)

    def press(self, button: str) -> None:
        """Press a button."""
        self.panel.get_by_role("button", name=button, exact=True).click()

    def choose(self, label: str) -> None:
        """Choose one of several by its text."""
        self.panel.get_by_text(label, exact=False).first.click()
        self.page.wait_for_timeout(200)

    @property
    def status(self) -> str:
        """What the line says."""
        return self.panel.locator(".status").first.inner_text()

    def preview(self) -> str:
        """Address of the picture that is shown while it dreams; empty if there is none."""
        picture = self.panel.locator(".stage img").first
        return (picture.get_attribute("src") or "") if picture.count() and picture.is_visible() else ""

    def until(self, *words: str, seconds: float = 120) -> tuple[str, list[str]]:
        """Wait until the line says one of some words.

        Returns:
            The line, and the addresses of the previews that were seen until then.
        """
        end, seen = time.monotonic() + seconds, []
        while time.monotonic() < end:
            now, line = self.preview(), self.status
            if now and now not in seen:
                seen.append(now)
            if any(word in line for word in words):
                return line, seen
            self.page.wait_for_timeout(100)
        raise AssertionError(f"The line does not say {' or '.join(words)} within {seconds} s, but: {self.status!r}")

    def refusal(self, seconds: float = 20) -> str:
        """The sentence that says why nothing is done."""
        alert = self.panel.get_by_role("alert").first
        alert.wait_for(timeout=1000 * seconds)
        return alert.inner_text()

    def save(self, button: str, folder: Path) -> Path:
        """Press a button that saves a file."""
        with self.page.expect_download(timeout=20_000) as download:
            self.panel.get_by_role("button", name=button).or_(self.panel.get_by_role("link", name=button)).first.click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def leave(self) -> None:
        """Close the page."""
        self._context.close()
