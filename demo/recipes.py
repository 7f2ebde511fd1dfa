"""Settings that travel: out of a dropped file, into every tab, as a command line and as a link."""

from __future__ import annotations

from .page import App


def build(app: App) -> None:
    """The tab."""


def wire(app: App, page) -> None:
    """Connect what was dropped, and what the address of the page says, with all tabs."""
