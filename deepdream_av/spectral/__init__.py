"""The differentiable front end of the ear: sound to STFT to log-mel, and back.

Everything is `tf.signal`, so a gradient reaches the samples. One `MelGrid` per sample rate keeps
window and hop equal in *seconds*: a sound has the same features at 22.05, 44.1 and 48 kHz, and no
resampler stands in the path of the gradient. Importing this package imports TensorFlow.
"""

from __future__ import annotations

from deepdream_av.spectral.mel import MelGrid, log_mel, mel_power, normalised, spread_bands
from deepdream_av.spectral.stft import frame_count, istft, stft

__all__ = ["MelGrid", "frame_count", "istft", "log_mel", "mel_power", "normalised", "spread_bands", "stft"]
