"""PNG and TIFF with 16 bits per sample, which Pillow cuts to 8 when the picture has colour."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np

TIFF_BITS = 258


def bit_depth(picture) -> int:
    """Bits per sample of an opened (not yet loaded) `PIL.Image`, 8 or 16; fewer count as 8."""
    if picture.format == "PNG":
        with Path(picture.filename).open("rb") as file:
            header = file.read(26)
        return 16 if len(header) > 24 and header[24] == 16 else 8
    if picture.format == "TIFF":
        bits = picture.tag_v2.get(TIFF_BITS, (8,))
        return 16 if set(bits if isinstance(bits, tuple) else (bits,)) == {16} else 8
    return 16 if picture.mode.startswith("I") else 8


def read_samples(path: str | os.PathLike) -> np.ndarray | None:
    """All 16 bits of a PNG or TIFF.

    Returns:
        uint16 `[height, width, 1, 3 or 4]` in the order red, green, blue, alpha, as stored (not turned by
        its EXIF orientation); None if OpenCV cannot read it so.
    """
    import cv2

    # decoded from memory, because OpenCV's own reading fails on names it cannot encode
    coded = np.fromfile(path, np.uint8)
    try:
        samples = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if samples is None or samples.dtype != np.uint16:
        return None
    if samples.ndim == 2:
        return samples[..., None]
    return samples[..., [2, 1, 0, 3][: samples.shape[2]]]


def write_png(path: str | os.PathLike, samples: np.ndarray, text: dict[str, str]) -> None:
    """Write uint16 `[height, width, 3 or 4]` as PNG with `text` (ASCII) in it."""
    height, width, channels = samples.shape
    rows = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # filter "Up": the difference to the row above packs better than the row
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour = {3: 2, 4: 6}[channels]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)), (b"sRGB", b"\0")]
    chunks += [
        (b"tEXt", key.encode("latin-1") + b"\0" + value.encode("latin-1")) for key, value in text.items()
    ]
    chunks += [(b"IDAT", zlib.compress(filtered, 6)), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            file.write(struct.pack(">I", len(data)) + kind + data)
            file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))


def write_tiff(path: str | os.PathLike, samples: np.ndarray, description: str) -> None:
    """Write uint16 `[height, width, 3 or 4]` as a baseline TIFF, one deflated strip."""
    height, width, channels = samples.shape
    strip = zlib.compress(samples.astype("<u2").tobytes(), 6)
    strip += b"\0" * (len(strip) % 2)  # what follows must start on a word
    note = description.encode("ascii", "replace") + b"\0"
    bits = struct.pack(f"<{channels}H", *[16] * channels)
    at_bits = 8 + len(strip)
    at_note = at_bits + len(bits)
    at_table = at_note + len(note) + len(note) % 2
    # (tag, type: 2 ASCII, 3 short, 4 long; count; value or where it lies)
    table = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (TIFF_BITS, 3, channels, at_bits),
        (259, 3, 1, 8),  # compression: deflate
        (262, 3, 1, 2),  # colours: RGB
        (273, 4, 1, 8),  # where the strip lies
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(strip)),
    ]
    if description:
        table.append((270, 2, len(note), at_note))
    if channels == 4:
        table.append((338, 3, 1, 2))  # the fourth sample is alpha, not multiplied in
    table.sort()  # readers expect the tags in order
    with open(path, "wb") as file:
        file.write(b"II*\0" + struct.pack("<I", at_table) + strip + bits + note + b"\0" * (len(note) % 2))
        file.write(struct.pack("<H", len(table)))
        file.write(b"".join(struct.pack("<HHII", *entry) for entry in table) + b"\0\0\0\0")
