"""What a verb that writes a film gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deepdream_av.recipe import Recipe


@dataclass(frozen=True)
class WrittenFilm:
    """A film in a file.

    Attributes:
        path: the file written.
        recipe: how it was made.
        report: what was counted and measured on the way.
        interrupted: whether it was stopped early and holds only what was done until then; then it is no loop.
    """

    path: Path
    recipe: Recipe
    report: dict = field(default_factory=dict)
    interrupted: bool = False
