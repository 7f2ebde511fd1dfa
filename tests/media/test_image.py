"""Pictures of every kind arrive upright and in sRGB, and leave with their alpha and their bits."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from deepdream_av.errors import DeepDreamError, InputError, OutputError, UsageError
from deepdream_av.media import image
from deepdream_av.media.image import Picture, check_size, read_image, write_image


def gradient(height=24, width=36):
    """uint8 `[height, width, 3]`: red grows to the right, green downward, blue is constant."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, np.full_like(x, 60)], axis=-1).astype(np.uint8)


def test_eight_bits_come_back_exactly(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 13, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.array.dtype == np.float32 and picture.array.shape == (9, 13, 3)
    assert picture.alpha is None and picture.bit_depth == 8 and not picture.grey
    write_image(tmp_path / "b.png", picture.array, like=picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "b.png")), pixels)


@pytest.mark.parametrize(
    "suffix, most", [(".jpg", 6), (".webp", 12), (".tif", 0), (".tiff", 0), (".jpeg", 6)]
)
def test_every_suffix_writes_its_format(tmp_path, suffix, most):
    path = tmp_path / f"a{suffix}"
    write_image(path, gradient() / np.float32(255))
    wanted = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}.get(suffix, "TIFF")
    with Image.open(path) as opened:
        assert opened.format == wanted
    assert np.abs(read_image(path).array * 255 - gradient()).max() <= most + 1e-3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_orientation_is_applied_once(tmp_path, orientation, suffix):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = 255  # one bright corner, top left, when held right
    # how a sensor that was turned or mirrored sees it, from the meaning of the tag: (row 0 is, column 0 is)
    sensor = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.ascontiguousarray(sensor)).save(tmp_path / f"a{suffix}", exif=exif)
    seen = read_image(tmp_path / f"a{suffix}").array
    assert seen.shape == (32, 48, 3)
    assert np.abs(seen * 255 - upright).mean() < 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_come_back_exactly(tmp_path, suffix, channels):
    samples = np.random.default_rng(1).integers(0, 65536, (10, 11, channels), np.uint16)
    alpha = samples[..., 3] / np.float32(65535) if channels == 4 else None
    like = Picture(samples[..., :3] / np.float32(65535), alpha=alpha, bit_depth=16)
    write_image(tmp_path / f"a{suffix}", like.array, like=like)
    again = read_image(tmp_path / f"a{suffix}")
    assert again.bit_depth == 16
    assert np.array_equal(np.rint(again.array * 65535), samples[..., :3])
    if channels == 4:
        assert np.array_equal(np.rint(again.alpha * 65535), samples[..., 3])
    with Image.open(tmp_path / f"a{suffix}") as other:  # another reader finds the same picture, in 8 bits
        shown = np.asarray(other.convert("RGBA" if channels == 4 else "RGB")).astype(float)
    assert np.abs(shown - samples / 257.0).max() <= 1.0


def test_sixteen_bits_of_other_programs(tmp_path):
    import cv2

    ramp = np.linspace(0, 65535, 48 * 8).astype(np.uint16).reshape(8, 48)
    cv2.imwrite(str(tmp_path / "grey.png"), ramp)
    cv2.imwrite(str(tmp_path / "colour.tif"), np.stack([ramp, ramp[:, ::-1], ramp // 2], axis=-1)[..., ::-1])
    grey, colour = read_image(tmp_path / "grey.png"), read_image(tmp_path / "colour.tif")
    assert grey.grey and grey.bit_depth == 16 and not colour.grey and colour.bit_depth == 16
    for channel in range(3):
        assert np.array_equal(np.rint(grey.array[..., channel] * 65535), ramp)
    assert np.array_equal(np.rint(colour.array[..., 2] * 65535), ramp // 2)


def _with_orientation(path, orientation):
    """Say in the file at `path`, a 16-bit PNG or TIFF of ours, that the camera was turned."""
    data = bytearray(path.read_bytes())
    if path.suffix == ".png":
        exif = Image.Exif()
        exif[274] = orientation
        body = exif.tobytes()[6:]
        chunk = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
        data[33:33] = chunk  # after the header
    else:
        at = data.rfind(struct.pack("<HH", 278, 4))  # in place of the rows per strip, which may be missing
        following = data[at - 12 : at]
        data[at - 12 : at + 12] = struct.pack("<HHII", 274, 3, 1, orientation) + following  # sorted by tag
    path.write_bytes(data)


@pytest.mark.parametrize(
    "orientation, bright",
    [(2, "top right"), (3, "bottom right"), (6, "top right"), (7, "bottom right"), (8, "bottom left")],
)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_turned_upright_too(tmp_path, suffix, orientation, bright):
    samples = np.zeros((20, 30, 3), np.float32)
    samples[:10, :10] = 0.6
    write_image(tmp_path / f"a{suffix}", samples, like=Picture(samples, bit_depth=16))
    _with_orientation(tmp_path / f"a{suffix}", orientation)
    seen = read_image(tmp_path / f"a{suffix}")
    assert seen.bit_depth == 16
    assert seen.array.shape == ((20, 30, 3) if orientation < 5 else (30, 20, 3))
    corners = {"top left": (0, 0), "top right": (0, -1), "bottom left": (-1, 0), "bottom right": (-1, -1)}
    for name, corner in corners.items():
        assert (seen.array[corner][0] > 0.5) == (name == bright), name


def test_alpha_is_kept_and_laid_on_white_where_there_is_none(tmp_path):
    pixels = np.dstack([gradient(), np.tile(np.arange(36, dtype=np.uint8) * 7, (24, 1))])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    write_image(tmp_path / "b.png", picture.array, like=picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "b.png")), pixels)
    write_image(tmp_path / "b.jpg", picture.array, like=picture)
    assert read_image(tmp_path / "b.jpg").array[:, 0].min() > 0.95


def test_palettes_bilevel_and_grey(tmp_path):
    Image.fromarray(gradient()).quantize(16).save(tmp_path / "p.png")
    transparent = Image.new("P", (4, 4), 1)
    transparent.putpalette([0, 0, 0, 255, 0, 0])
    transparent.putpixel((0, 0), 0)
    transparent.save(tmp_path / "t.gif", transparency=0)
    Image.new("1", (5, 5), 1).save(tmp_path / "b.png")
    Image.new("LA", (5, 5), (128, 10)).save(tmp_path / "la.png")
    assert read_image(tmp_path / "p.png").array.std() > 0.1
    gif = read_image(tmp_path / "t.gif")
    assert np.allclose(gif.array[2, 2], [1, 0, 0]) and gif.alpha[0, 0] == 0 and gif.alpha[2, 2] == 1
    assert read_image(tmp_path / "b.png").array.min() == 1 and read_image(tmp_path / "b.png").grey
    la = read_image(tmp_path / "la.png")
    assert la.grey and np.allclose(la.array, 128 / 255) and np.allclose(la.alpha, 10 / 255)


def test_cmyk_inks_become_their_colours(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "red.jpg")
    red = read_image(tmp_path / "red.jpg").array.mean(axis=(0, 1))
    assert red[0] > 0.8 and red[1] < 0.3 and red[2] < 0.3


def test_real_numbers_and_broken_numbers(tmp_path):
    values = np.linspace(0, 4, 64, dtype=np.float32).reshape(8, 8)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "f.tif")
    seen = read_image(tmp_path / "f.tif").array
    assert np.isfinite(seen).all() and seen.max() == 1 and seen.min() == 0


# a colour space whose red and green are swapped shows at once whether a profile was applied
def swapped_profile() -> bytes:
    """An sRGB-like ICC profile in which the red and the green primaries have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    entries = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = (
        data[green + 4 : green + 12],
        data[red + 4 : red + 12],
    )
    name = entries[b"desc"]
    at = int.from_bytes(data[name + 4 : name + 8], "big")
    size = int.from_bytes(data[name + 8 : name + 12], "big")
    for word in (b"s\0R\0G\0B", b"sRGB"):
        where = bytes(data[at : at + size]).find(word)
        if where >= 0:
            data[at + where] = ord("x")
    return bytes(data)


def test_profiles_are_brought_to_srgb(tmp_path):
    profile = swapped_profile()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=profile)
    colour = read_image(tmp_path / "a.png").array[4, 4]
    assert colour[1] > 0.9 and colour[0] < 0.1  # the numbers said red, the profile says green


def test_profiles_of_sixteen_bits_keep_fine_steps():
    from deepdream_av.media.colour import deep_to_srgb

    ramp = np.linspace(0.2, 0.8, 4096, dtype=np.float32)
    colours = np.stack([ramp, 0.5 * ramp, np.full_like(ramp, 0.3)], axis=-1)[None]
    managed = deep_to_srgb(colours, swapped_profile())
    # the profile only swaps red and green; 8 bits would leave about 150 different values of 4096
    assert np.abs(managed[0, :, 1] - ramp).max() < 2 / 255
    assert len(np.unique(managed[0, :, 1])) > 3500
    assert deep_to_srgb(colours, b"broken") is colours and deep_to_srgb(colours, None) is colours


def test_broken_profiles_are_ignored(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png", icc_profile=b"no profile at all")
    assert np.allclose(read_image(tmp_path / "a.png").array * 255, gradient(), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (16_000, 3)])
def test_tiny_and_long_pictures(tmp_path, size):
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.array.shape == (size[1], size[0], 3)
    write_image(tmp_path / "b.jpg", picture.array)
    assert Image.open(tmp_path / "b.jpg").size == size


def test_huge_pictures_are_one_line(tmp_path, monkeypatch):
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    (tmp_path / "bomb.png").write_bytes(bomb.getvalue())
    with pytest.raises(InputError, match="megapixels"):
        read_image(tmp_path / "bomb.png")
    Image.new("L", (1600, 900)).save(tmp_path / "large.png")
    monkeypatch.setattr(image, "_free_memory", lambda: 10_000_000)
    with pytest.raises(InputError, match="memory: 1600x900") as error:
        read_image(tmp_path / "large.png")
    assert "\n" not in str(error.value)


def test_broken_pictures_are_one_line(tmp_path):
    good = io.BytesIO()
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)).save(good, "PNG")
    jpeg = io.BytesIO()
    Image.fromarray(gradient(200, 300)).save(jpeg, "JPEG")
    films = b"\0\0\0\x18ftypmp42" + b"\0" * 99
    cases = {
        "missing.png": None,
        "empty.png": b"",
        "text.png": b"this is not a picture\n" * 9,
        "head.png": good.getvalue()[:40],
        "head.jpg": jpeg.getvalue()[:30],
        "grey.jpg": jpeg.getvalue()[: jpeg.getvalue().index(b"\xff\xda") + 14],  # all before the first block
        "film.jpg": films,
        "flipped.png": good.getvalue()[:45] + b"\xff" * 50 + good.getvalue()[95:],
    }
    for name, data in cases.items():
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as error:
            read_image(tmp_path / name)
        assert "\n" not in str(error.value) and name in str(error.value), name
    with pytest.raises(InputError, match="deepdream_av.video"):
        read_image(tmp_path / "film.jpg")


@pytest.mark.parametrize(
    "suffix, options, rest",
    [
        (".jpg", {"quality": 95}, "grey"),
        (".jpg", {"quality": 95, "progressive": True}, "blurred"),
        (".png", {}, "black"),
        (".tif", {}, "black"),
    ],
)
def test_of_a_picture_cut_off_what_decodes_is_read(tmp_path, suffix, options, rest):
    noise = np.random.default_rng(2).integers(0, 256, (16, 24, 3), np.uint8)
    pixels = np.asarray(Image.fromarray(noise).resize((240, 160), Image.Resampling.BICUBIC))
    Image.fromarray(pixels).save(tmp_path / f"whole{suffix}", **options)
    data = (tmp_path / f"whole{suffix}").read_bytes()
    if suffix == ".tif":
        data = _directory_first(pixels)
    (tmp_path / f"cut{suffix}").write_bytes(data[: int(len(data) * 0.6)])
    picture = read_image(tmp_path / f"cut{suffix}")
    assert picture.array.shape == (160, 240, 3)
    assert len(picture.notes) == 1 and "cut off" in picture.notes[0] and rest in picture.notes[0]
    seen = picture.array * 255
    if rest == "blurred":
        assert np.abs(seen - pixels).mean() < 12
    else:
        assert np.abs(seen[:48] - pixels[:48]).mean() < 4
        assert np.abs(seen[-16:] - {"grey": 128, "black": 0}[rest]).max() < 1
    assert read_image(tmp_path / f"whole{suffix}").notes == ()
    assert not ImageFile.LOAD_TRUNCATED_IMAGES  # the switch of the whole process is back


def _directory_first(pixels: np.ndarray) -> bytes:
    """A TIFF whose table lies before its pixels, so that a cut leaves it whole; Pillow writes it behind."""
    height, width, _ = pixels.shape
    table = {
        256: width,
        257: height,
        258: 192,
        259: 1,
        262: 2,
        273: 200,
        277: 3,
        278: height,
        279: pixels.size,
    }
    entries = b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, 3 if tag == 258 else 1, value)
        for tag, value in table.items()
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(table)) + entries
    return head.ljust(192, b"\0") + struct.pack("<HHHH", 8, 8, 8, 0) + pixels.tobytes()


def test_sixteen_bits_that_are_cut_off_are_refused(tmp_path):
    noise = np.random.default_rng(2).random((64, 64, 3), np.float32)
    write_image(tmp_path / "a.png", noise, like=Picture(noise, bit_depth=16))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:9000])
    with pytest.raises(InputError, match="cut off"):
        read_image(tmp_path / "b.png")


@pytest.mark.parametrize("bits, suffix", [(8, ".png"), (16, ".png"), (16, ".tif")])
def test_the_memory_that_is_asked_for_suffices_for_writing(tmp_path, bits, suffix):
    """The picture, its dream and its alpha are held while the writer makes its copies."""
    import tracemalloc

    rng = np.random.default_rng(4)
    write_image(tmp_path / f"warm{suffix}", rng.random((8, 8, 3), np.float32))
    tracemalloc.start()
    try:
        like = Picture(
            rng.random((500, 700, 3), np.float32), alpha=rng.random((500, 700), np.float32), bit_depth=bits
        )
        dream = rng.random((500, 700, 3), np.float32)
        write_image(tmp_path / f"a{suffix}", dream, like=like)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 28 < peak / (500 * 700) <= image.BYTES_PER_PIXEL[bits]


def test_sixteen_bits_need_more_memory(tmp_path, monkeypatch):
    ramp = np.linspace(0, 1, 100 * 100 * 3, dtype=np.float32).reshape(100, 100, 3)
    write_image(tmp_path / "8.png", ramp)
    write_image(tmp_path / "16.png", ramp, like=Picture(ramp, bit_depth=16))
    monkeypatch.setattr(image, "_free_memory", lambda: 600_000)
    assert read_image(tmp_path / "8.png").bit_depth == 8
    with pytest.raises(InputError, match="memory: 100x100"):
        read_image(tmp_path / "16.png")


def test_a_size_can_be_checked_before_any_work(tmp_path):
    for name, size in [("a.webp", (16_384, 1)), ("a.JPG", (1, 65_501))]:
        with pytest.raises(OutputError) as early:
            check_size(tmp_path / name, *size)
        with pytest.raises(OutputError) as late:
            write_image(tmp_path / name, np.zeros((size[1], size[0], 3), np.float32))
        assert str(early.value) == str(late.value)
    check_size("a.webp", 16_383, 16_383)
    check_size("a.png", 100_000, 100_000)


def test_random_damage_never_escapes(tmp_path, capfd):
    """Whatever is broken in a file, it is a picture or an `InputError`, and no decoder talks."""
    rng = np.random.default_rng(3)
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        like = Picture(gradient() / 255, bit_depth=16)
        write_image(tmp_path / f"a{suffix}", gradient() / np.float32(255), like=like)
        data = (tmp_path / f"a{suffix}").read_bytes()
        for _ in range(25):
            damaged = np.frombuffer(data, np.uint8).copy()
            damaged[rng.integers(0, len(damaged), 6)] = rng.integers(0, 256, 6)
            (tmp_path / f"b{suffix}").write_bytes(damaged.tobytes())
            try:
                assert read_image(tmp_path / f"b{suffix}").array.shape[2] == 3
            except InputError as error:
                assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_written_is_told(tmp_path):
    array = np.zeros((4, 4, 3), np.float32)
    with pytest.raises(UsageError, match="must end in"):
        write_image(tmp_path / "a.bmp", array)
    with pytest.raises(UsageError, match="shape"):
        write_image(tmp_path / "a.png", array[..., 0])
    with pytest.raises(OutputError, match="not numbers"):
        write_image(tmp_path / "a.png", array * np.nan)
    with pytest.raises(OutputError, match="16383"):
        write_image(tmp_path / "a.webp", np.zeros((1, 16_384, 3), np.float32))
    assert list(tmp_path.iterdir()) == []
    assert issubclass(OutputError, DeepDreamError)
