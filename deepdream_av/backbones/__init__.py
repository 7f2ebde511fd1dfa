"""Who looks or listens: networks from a picture or a sound to `{layer: activation}`."""

from __future__ import annotations

from deepdream_av.backbones.backbone import Backbone, Truncated
from deepdream_av.backbones.loading import list_backbones, load_backbone

__all__ = ["Backbone", "Truncated", "list_backbones", "load_backbone"]
