"""Pictures: any file to one array in sRGB, and back with its alpha, its bit depth and its recipe.

What a camera, a scanner or a painting program leaves in a file (rotation flags, colour profiles, palettes,
CMYK, 16 bits) ends here: behind this door a picture is float32 in [0, 1], `[height, width, 3]`.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError, OutputError, UsageError
from deepdream_av.media import metadata
from deepdream_av.media.files import check_source
from deepdream_av.quiet import hushed
from deepdream_av.recipe import Recipe

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
LONGEST = {".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383}  # pixels, the limits of the formats
DEEP = {".png", ".tif", ".tiff"}  # formats that hold 16 bits
# formats that are opened; others that Pillow knows run programs (EPS) or are documents
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF", "PPM", "TGA", "AVIF", "JPEG2000", "ICO")
ORIENTATION = 274  # EXIF tag
# bits per sample -> what a dream takes at the most from reading to writing, with alpha, as measured
BYTES_PER_PIXEL = {8: 48, 16: 80}


_BLOCK = 16 * 16  # pixels; of no data at all, a JPEG decoder still makes one block, and that is noise


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        array: float32 `[height, width, 3]` in [0, 1], sRGB, upright.
        alpha: float32 `[height, width]` in [0, 1], or None if it is opaque.
        bit_depth: 8 or 16 bits per sample in the file.
        grey: whether the file had no colour (its dream has).
        recipe: the recipe in the file if it is itself a dream, else None.
        notes: what a user should know (that a part is missing), in whole sentences.
    """

    array: np.ndarray
    alpha: np.ndarray | None = None
    bit_depth: int = 8
    grey: bool = False
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()


def read_image(path: str | os.PathLike) -> Picture:
    """Read a picture: upright, in sRGB, all its bits.

    Of an animation the first frame is read. Camera data (place, time, device) is not carried on. Of a
    picture that is cut off, what decodes is read, and its `notes` say so.

    Raises:
        InputError: missing, empty, not a picture, larger than the memory, or nothing of it decodes.
    """
    from PIL import Image, UnidentifiedImageError

    path = check_source(path)
    try:
        with _opened(path) as opened:
            return _read(opened, path)
    except InputError:
        raise
    except Image.DecompressionBombError:
        most = 2 * Image.MAX_IMAGE_PIXELS // 1_000_000
        raise InputError(
            f"The picture has more than {most} megapixels: '{path}'. Scale it down first."
        ) from None
    except UnidentifiedImageError:
        raise InputError(f"Not a picture that can be read: '{path}'.{_hint(path)}") from None
    except MemoryError:
        raise InputError(f"The picture is larger than the memory: '{path}'. Scale it down first.") from None
    except Exception as error:  # decoders of strangers' bytes fail in many ways; all mean the same to a user
        picture = _what_decodes(path)
        if picture is None:
            raise InputError(f"The picture is broken or cut off: '{path}' ({_first_line(error)}).") from None
        return picture


@contextlib.contextmanager
def _opened(path: Path):
    """A picture of which only the header has been read; it fits in the memory."""
    from PIL import Image

    from deepdream_av.media import deep

    Image.init()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sizes are checked here, in one line
        with Image.open(path, formats=[f for f in FORMATS if f in Image.OPEN]) as opened:
            _check_room(*opened.size, bits=deep.bit_depth(opened))
            # libtiff talks on stderr, with no other way to stop it
            with hushed() if opened.format == "TIFF" else contextlib.nullcontext():
                yield opened


def _what_decodes(path: Path) -> Picture | None:
    """What there is of a picture of 8 bits that is cut off or damaged; None if it is nothing."""
    from deepdream_av.media import deep

    try:
        with _tolerant(), _opened(path) as opened:
            if deep.bit_depth(opened) == 16 or opened.mode.startswith(("I", "F")):
                return None
            picture = _read(opened, path)
            rest = "black"
            if opened.format in ("JPEG", "MPO"):
                rest = "blurred or grey" if opened.info.get("progressive") else "grey"
    except Exception:  # the first error says it better
        return None
    if np.count_nonzero((picture.array != picture.array[-1, -1]).any(axis=-1)) <= _BLOCK:
        return None
    return replace(picture, notes=(f"The picture is cut off or damaged: what is missing is {rest}.",))


@contextlib.contextmanager
def _tolerant():
    """Let Pillow give what it has of a file that ends too early; the switch is one for the whole process."""
    from PIL import ImageFile

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _read(opened, path: Path) -> Picture:
    from deepdream_av.media import deep

    mode, profile = opened.mode, opened.info.get("icc_profile")
    grey = mode in ("1", "L", "LA", "La", "F") or mode.startswith("I")
    opened.load()  # a file that is cut off shows it here, whoever decodes it below
    recipe = next(filter(None, map(metadata.decode, metadata.comments(opened))), None)
    turn = opened.getexif().get(ORIENTATION, 1)  # only now: Pillow turns a TIFF itself while loading
    samples = None
    if deep.bit_depth(opened) == 16 and mode in ("RGB", "RGBA", "LA"):
        samples = deep.read_samples(path)
    if samples is not None:
        array, alpha = _from_deep(samples, profile)
        depth = 16
    elif mode.startswith(("I", "F")):
        array, alpha = _from_numbers(opened)
        depth = 16
    else:
        array, alpha = _from_eight_bits(opened, profile)
        depth = 8
    array = np.ascontiguousarray(_upright(array, turn))
    alpha = None if alpha is None else np.ascontiguousarray(_upright(alpha, turn))
    return Picture(array=array, alpha=alpha, bit_depth=depth, grey=grey, recipe=recipe)


def _from_eight_bits(opened, profile):
    from deepdream_av.media.colour import to_srgb

    alpha = None
    if opened.has_transparency_data if hasattr(opened, "has_transparency_data") else "A" in opened.mode:
        opened = opened.convert("RGBA")
        alpha = np.asarray(opened.getchannel("A"))
        alpha = None if alpha.min() == 255 else alpha * np.float32(1 / 255)
        opened = opened.convert("RGB")
    elif opened.mode == "P":
        opened = opened.convert("RGB")
    return np.asarray(to_srgb(opened, profile)) * np.float32(1 / 255), alpha


def _from_deep(samples: np.ndarray, profile):
    from deepdream_av.media.colour import deep_to_srgb

    values = samples * np.float32(1 / 65535)
    alpha = values[..., 3] if values.shape[2] == 4 and samples[..., 3].min() < 65535 else None
    colours = values[..., :3] if values.shape[2] > 1 else np.repeat(values, 3, axis=2)
    return deep_to_srgb(colours, profile), alpha


def _from_numbers(opened):
    """Grey of 16 bits, or whole or real numbers; real numbers beyond 1 are scaled by their largest."""
    values = np.asarray(opened).astype(np.float32)
    if opened.mode == "F":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        values /= max(1.0, float(values.max()))
    else:
        values /= 65535
    return np.repeat(np.clip(values, 0, 1)[..., None], 3, axis=2), None


def _upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Undo what the EXIF orientation (1 to 8) says of how the camera was held."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def _check_room(width: int, height: int, *, bits: int = 8):
    """Whether a dream of that size fits in the memory that is free."""
    need = width * height * BYTES_PER_PIXEL[bits]
    free = _free_memory()
    if free is not None and need > free:
        raise InputError(
            f"The picture is too large for the free memory: {width}x{height} pixels need about "
            f"{need / 2**30:.1f} GiB. Received: {free / 2**30:.1f} GiB free. Scale it down first."
        )


def _free_memory() -> int | None:
    """Bytes that can be taken without swapping, or None where the system does not tell."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return None


# ---------------------------------------------------------------------------------------------- writing


def check_size(path: str | os.PathLike, width: int, height: int) -> None:
    """Whether the format that a suffix names can hold a picture of that size, asked before any work.

    Raises:
        OutputError: a side is too long.
    """
    suffix = Path(path).suffix.lower()
    if max(width, height) > LONGEST.get(suffix, 2**31):
        raise OutputError(
            f"A {suffix} picture has at most {LONGEST[suffix]} pixels a side. "
            f"Received: {width}x{height}. Write .png or .tif instead."
        )


def write_image(
    path: str | os.PathLike,
    array: np.ndarray,
    *,
    like: Picture | None = None,
    recipe: Recipe | None = None,
    source: str | os.PathLike | None = None,
    kind: str = "image",
) -> None:
    """Write a picture in the format that the suffix of `path` names.

    It writes to `path` itself; `media.files.writing` gives a path that becomes the final one only when
    it is complete.

    Args:
        path: ends in .png, .jpg, .jpeg, .webp, .tif or .tiff.
        array: float `[height, width, 3]` in [0, 1], sRGB.
        like: picture that was dreamt; its alpha is written if it has the same size (JPEG has none: it is
            laid on white), and 16 bits where the format holds them.
        recipe: written into the file.
        source: name of the file that was dreamt, written with the recipe; "" if it was noise, None if nobody knows.
        kind: the verb that made it, for replay.

    Raises:
        UsageError: unknown suffix, or an array of the wrong shape.
        OutputError: values that are not numbers, or a size that the format cannot hold.
    """
    suffix = Path(path).suffix.lower()
    array = np.asarray(array)
    if suffix not in SUFFIXES:
        raise UsageError(f"`path` must end in one of {', '.join(SUFFIXES)}. Received: '{path}'.")
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise UsageError(f"`array` must have the shape [height, width, 3]. Received: {list(array.shape)}.")
    if not np.isfinite(array).all():
        raise OutputError("The picture holds values that are not numbers; nothing was written.")
    check_size(path, array.shape[1], array.shape[0])
    comment = metadata.encode(recipe, source=source, kind=kind) if recipe else ""
    alpha = (
        like.alpha
        if like is not None and like.alpha is not None and like.alpha.shape == array.shape[:2]
        else None
    )
    if like is not None and like.bit_depth == 16 and suffix in DEEP:
        _write_deep(path, _samples(array, alpha, 65535, np.uint16), comment, suffix)
    else:
        if alpha is not None and suffix in (".jpg", ".jpeg"):
            array, alpha = array * alpha[..., None] + (1 - alpha[..., None]), None
        _write_eight_bits(path, _samples(array, alpha, 255, np.uint8), comment, suffix)


def _samples(array, alpha, top: int, kind) -> np.ndarray:
    """Whole numbers from 0 to `top`, with alpha as the last channel if there is one."""
    channels = 3 if alpha is None else 4
    samples = np.empty((*array.shape[:2], channels), kind)
    for channel in range(channels):  # one at a time: a huge picture is not copied as a whole
        plane = array[..., channel] if channel < 3 else alpha
        samples[..., channel] = np.rint(np.clip(plane, 0, 1) * np.float32(top))
    return samples


def _write_deep(path, samples, comment, suffix):
    from deepdream_av.media import deep

    if suffix == ".png":
        deep.write_png(path, samples, {metadata.KEY: comment} if comment else {})
    else:
        deep.write_tiff(path, samples, comment)


def _write_eight_bits(path, samples, comment, suffix):
    from PIL import Image, PngImagePlugin

    picture = Image.fromarray(samples)
    if suffix == ".png":
        text = PngImagePlugin.PngInfo()
        if comment:
            text.add_text(metadata.KEY, comment)
        picture.save(path, "PNG", pnginfo=text)
    elif suffix in (".jpg", ".jpeg"):
        # no chroma subsampling: dreams live from fine, coloured detail
        picture.save(path, "JPEG", quality=95, subsampling=0, comment=comment.encode("ascii"))
    elif suffix == ".webp":
        exif = Image.Exif()
        if comment:
            exif[metadata.EXIF_IFD] = {metadata.USER_COMMENT: b"ASCII\0\0\0" + comment.encode("ascii")}
        picture.save(path, "WEBP", quality=95, exif=exif if comment else b"")
    else:
        tags = {metadata.DESCRIPTION: comment} if comment else {}
        picture.save(path, "TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)


def _hint(path: Path) -> str:
    """What the file may be instead, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"ftyp" or head[:4] in (b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01"):
        return " It looks like a film: python -m deepdream_av.video dreams it."
    if head[:4] in (b"fLaC", b"RIFF") or head[:3] == b"ID3":
        return " It looks like a sound: python -m deepdream_av.audio dreams it."
    return ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
