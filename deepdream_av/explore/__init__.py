"""Look into a network: `python -m deepdream_av.explore sheet --backbone dreamnet -o sheet.png`.

Eight subjects: `layers`, `sheet`, `fires`, `nearest`, `atlas`, `change`, `looks` and `report`. Channels have the names
that `--layer` takes, so that what is found can be dreamt at once. A sheet is a picture, or a page (.html) that needs
nothing else.
"""

from __future__ import annotations

from deepdream_av.explore.command import main

__all__ = ["main"]
