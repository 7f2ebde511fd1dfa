"""A tab to come."""

from __future__ import annotations

from .page import App


def build(app: App) -> None:
    """The tab."""
