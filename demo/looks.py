"""The looks as a gallery, and the small pictures that the page ships."""

from __future__ import annotations

from pathlib import Path

from deepdream_av.recipe import Recipe, about_look, list_looks

PICTURES = Path(__file__).resolve().parent / "pictures"
LOOKS, EXAMPLES, STYLES, SHEETS = (PICTURES / n for n in ("looks", "examples", "styles", "sheets"))
SOUNDS, FILMS = PICTURES / "sounds", PICTURES / "films"
SHEET_LAYERS = ("stride8", "stride16", "stride32")

# the order in which a stranger meets them; whatever else there is follows
_FIRST = (
    "eyes creatures plumage patterns giants aurora owls pearls labyrinth weave mosaic filigree etching veil ripples "
    "motifs swift"
).split()
_TITLES = {
    "google2015": "Google 2015",
    "deepdreamvideo": "DeepDreamVideo",
    "deepdreamanim": "DeepDreamAnim",
    "tf1-dream": "TensorFlow 2015",
    "tf1-lapnorm": "TensorFlow, even",
    "tf2-tutorial": "TensorFlow 2",
    "keras-io": "Keras",
    "hvass": "Hvass",
    "crowson": "Crowson",
    "stylegan-d": "Discriminator",
    "lucid": "Lucid",
    "gordic": "Gordić",
    "gatys": "Gatys 2015",
    "crowson-style": "Crowson",
    "painted-light": "Painted light",
}


def title(look: str) -> str:
    """The name of a look as a visitor reads it.

    >>> title("google2015"), title("eyes"), title("a-new-one")
    ('Google 2015', 'Eyes', 'A new one')
    """
    return _TITLES.get(look) or look.replace("-", " ").replace("_", " ").capitalize()


def looks(verb: str = "image", networks: tuple[str, ...] = ("dreamnet", "discriminator")) -> list[str]:
    """Names of the looks whose network is here, in the order in which they are shown.

    Args:
        verb: `"image"` or `"style"`.
        networks: those that are here.
    """
    names = [n for n in list_looks(verb) if Recipe.from_look(n).backbone in networks]
    return sorted(names, key=lambda n: (_FIRST.index(n) if n in _FIRST else len(_FIRST), n))


def shown(names: list[str]) -> list[tuple[str, str]]:
    """The looks for a gallery, each a picture and its title."""
    pictures = [LOOKS / f"{n}.webp" for n in names]
    return [(str(p if p.is_file() else LOOKS / "source.webp"), title(n)) for p, n in zip(pictures, names)]


def told(look: str) -> str:
    """One line on a look."""
    return f"**{title(look)}** · {about_look(look)}"


def first_pair() -> tuple[str, str] | None:
    """A picture and its dream, which the page shows before there is another one."""
    pair = EXAMPLES / "lake.jpg", PICTURES / "lake.dream.jpg"
    return tuple(map(str, pair)) if all(p.is_file() for p in pair) else None


def sheet(layer: str, folder: Path) -> list[tuple[str, str]]:
    """What channels of a layer of dreamnet want to see, for a gallery.

    Args:
        layer: one of `SHEET_LAYERS`.
        folder: where to the single pictures are written.
    """
    from PIL import Image

    if layer not in SHEET_LAYERS or not (SHEETS / f"{layer}.webp").is_file():
        return []
    found = []
    with Image.open(SHEETS / f"{layer}.webp") as strip:
        side = strip.height
        for k in range(strip.width // side):
            path = folder / "sheets" / f"{layer}-{k}.png"
            if not path.is_file():
                path.parent.mkdir(exist_ok=True)
                strip.crop((k * side, 0, (k + 1) * side, side)).save(path)
            found.append((str(path), f"#{k}"))
    return found


def size_of(path) -> tuple[int, int] | None:
    """(width, height) of a visitor's picture, by its header; None if it is none."""
    from PIL import Image

    from deepdream_av.media.image import FORMATS

    try:
        Image.init()
        with Image.open(path, formats=[f for f in FORMATS if f in Image.OPEN]) as opened:
            return opened.size
    except Exception:  # whatever it is, there is no time to tell for it
        return None


def small(path, side: int):
    """A visitor's picture at the size of the page, uint8 `[height, width, 3]`, upright; None if it is none."""
    import cv2

    from deepdream_av.errors import DeepDreamError
    from deepdream_av.media.image import read_image

    size = size_of(path) if path else None
    if size is None or size[0] * size[1] > 100e6:
        return None
    try:
        picture = read_image(path).array
    except DeepDreamError:
        return None
    scale = min(1.0, side / max(picture.shape[:2]))
    new = tuple(max(1, round(x * scale)) for x in picture.shape[1::-1])
    return (cv2.resize(picture, new, interpolation=cv2.INTER_AREA) * 255 + 0.5).astype("uint8")
