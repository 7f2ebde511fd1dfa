"""Generator and discriminator: the networks of a generative adversarial pair, models only (`training.gan` trains)."""

from deepdream_av.gan.models import build_discriminator, build_generator
from deepdream_av.gan.shipped import load_discriminator, load_generator

__all__ = ["build_discriminator", "build_generator", "load_discriminator", "load_generator"]
