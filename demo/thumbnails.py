"""Make the small pictures that the page ships: `python -m demo.thumbnails`; all of them are made by code.

Looks on a piece of the built-in landscape, examples to dream in, paintings to paint in the style of, and sheets of what
channels of dreamnet want to see.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .looks import EXAMPLES, FILMS, LOOKS, PICTURES, SHEET_LAYERS, SHEETS, SOUNDS, STYLES
from .networks import here

SIDE = 208, 144  # pixels of the picture of a look
CHANNELS = 24  # of a sheet


def main() -> int:
    """Write them all; what is there is replaced. A network that is not here leaves its look without a picture."""
    for folder in (LOOKS, EXAMPLES, STYLES, SHEETS, SOUNDS, FILMS):
        folder.mkdir(parents=True, exist_ok=True)
    examples()
    styles()
    sounds()
    films()
    looks()
    sheets()
    return 0


def looks() -> None:
    """One picture for each look."""
    from deepdream_av.errors import DeepDreamError
    from deepdream_av.image import dream_image
    from deepdream_av.media.example import example_picture
    from deepdream_av.recipe import Recipe, list_looks
    from deepdream_av.style import style_image

    width, height = SIDE
    source = example_picture(640, 360)[40 : 40 + 2 * height, 200 : 200 + 2 * width]
    _write(LOOKS / "source.webp", _half(source))
    for name in list_looks():
        recipe = Recipe.from_look(name)
        if recipe.backbone not in here():
            print(f"{name}: {recipe.backbone} is not here")
            continue
        try:
            if name in list_looks("style"):
                painting = _painting("marbling", 3)
                dream = style_image(source, painting, recipe=recipe.replace(style_steps=20, optimizer="adam"))
            else:
                dream = dream_image(source, recipe=recipe)
        except DeepDreamError as error:
            print(f"{name}: {error}")
            continue
        _write(LOOKS / f"{name}.webp", _half(dream.array))


def examples() -> None:
    """Pictures to dream in, and a dream in the first of them."""
    from deepdream_av.image import dream_image
    from deepdream_av.media.example import example_picture
    from deepdream_av.recipe import Recipe

    lake = example_picture(960, 600)
    _write(EXAMPLES / "lake.jpg", lake)
    _write(PICTURES / "lake.dream.jpg", dream_image(lake, recipe=Recipe.from_look(speed="fine")).array)
    _write(EXAMPLES / "mountains.jpg", example_picture(1600, 900, time=9.0)[120:680, 620:1460])
    _write(EXAMPLES / "meadow.jpg", example_picture(1920, 1080, time=3.0)[560:1080, 0:780])


def styles() -> None:
    """Pictures to paint in the style of."""
    for name, seed in (("marbling", 3), ("mosaic", 5), ("feathers", 2), ("wood", 4)):
        _write(STYLES / f"{name}.jpg", _painting(name, seed))


def sounds() -> None:
    """Music and a texture, to dream in and to take the style of."""
    from deepdream_av.media.audio_writer import AudioWriter
    from deepdream_av.media.example import example_sound

    samples, rate = example_sound(8.0)
    with AudioWriter(SOUNDS / "music.ogg", rate=rate, channels=2, layout="stereo") as writer:
        writer.write(samples)
    with AudioWriter(SOUNDS / "drops.ogg", rate=rate, channels=1, layout="mono") as writer:
        writer.write(_drops(rate))


def films() -> None:
    """Ten seconds of clouds over a lake, with music; small, for a page."""
    import tempfile

    import av

    from deepdream_av.media.example import example_film

    with tempfile.TemporaryDirectory() as folder:
        whole = example_film(Path(folder) / "lake.mkv", seconds=10.0, size=(480, 270))
        with av.open(str(whole)) as source, av.open(str(FILMS / "lake.mp4"), "w", options={"movflags": "+faststart"}) as film:
            pictures = film.add_stream("libx264", rate=source.streams.video[0].average_rate, options={"crf": "27"})
            pictures.width, pictures.height, pictures.pix_fmt = 480, 270, "yuv420p"
            about = pictures.codec_context
            about.colorspace = about.color_primaries = about.color_trc = about.color_range = 1  # BT.709, as it was made
            sound = film.add_stream("aac", rate=44100)
            sound.bit_rate = 96_000
            for frame in source.decode(video=0, audio=0):
                film.mux((pictures if isinstance(frame, av.VideoFrame) else sound).encode(frame))
            film.mux([*pictures.encode(), *sound.encode()])


def _drops(rate: int, seconds: float = 6.0) -> np.ndarray:
    """Drops that fall into water: short, rising, at random."""
    rng = np.random.default_rng(7)
    track = np.zeros(round(seconds * rate), np.float32)
    time = np.arange(round(0.16 * rate)) / rate
    for _ in range(round(seconds * 14)):
        first, rise = rng.uniform(500, 2600), rng.uniform(1.5, 9.0)
        drop = np.sin(2 * np.pi * first * (time + rise * time**2)) * np.exp(-time * rng.uniform(25, 90))
        at = int(rng.integers(0, len(track) - len(drop)))
        track[at : at + len(drop)] += drop.astype(np.float32) * np.float32(rng.uniform(0.05, 0.5))
    return (0.6 * track / np.abs(track).max())[:, None]


def sheets() -> None:
    """What the first channels of dreamnet's layers want to see, in one strip for each layer."""
    from deepdream_av.analysis.layers import describe_layers
    from deepdream_av.analysis.sheets import swatches_of
    from deepdream_av.backbones import load_backbone

    backbone = load_backbone("dreamnet")
    facts = {f.name: f for f in describe_layers(backbone)}
    for layer in SHEET_LAYERS:
        names = [f"{layer}#{k}" for k in range(CHANNELS)]
        found = swatches_of(backbone, names, facts)
        strip = np.concatenate([_square(found[n]) for n in names], axis=1)
        _write(SHEETS / f"{layer}.webp", strip)


def _square(picture, side: int = 72) -> np.ndarray:
    import cv2

    picture = np.asarray(picture)
    picture = picture / np.float32(255) if picture.dtype == np.uint8 else picture
    return cv2.resize(picture.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)


def _painting(name: str, seed: int, size: int = 384) -> np.ndarray:
    from training.datasets import organic, ornaments

    draw = {**organic.CATEGORIES, **ornaments.CATEGORIES}[name]
    return draw(np.random.default_rng(seed), size)


def _half(picture: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)


def _write(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    samples = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    best = {"method": 6} if path.suffix == ".webp" else {"optimize": True}
    Image.fromarray(samples).save(path, quality=82, **best)


if __name__ == "__main__":
    raise SystemExit(main())
