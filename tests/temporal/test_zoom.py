"""A zoom has the speed that people name, comes back to where it began, and does not drift on its way."""

import cv2
import numpy as np
import pytest

from deepdream_av.errors import UsageError
from deepdream_av.media.example import example_picture
from deepdream_av.media.palette import AXES
from deepdream_av.temporal.drift import Drift
from deepdream_av.temporal.zoom import Arrival, Zoom, continued, jump, moved, translation

SIZE = 72, 96


@pytest.fixture(scope="module")
def photo():
    return example_picture(*SIZE[::-1])


@pytest.mark.parametrize("fps", [15.0, 24.0, 60.0])
def test_a_second_of_zoom_is_the_same_at_any_rate(fps):
    slow = Zoom(1.04, 1.5, (0, 0), fps)
    one = np.linalg.matrix_power(slow.matrix(SIZE), round(fps))
    assert one == pytest.approx(np.linalg.matrix_power(Zoom(1.04, 1.5).matrix(SIZE), 30), rel=1e-6, abs=1e-6)
    assert np.sqrt(np.linalg.det(one[:2, :2])) == pytest.approx(1.04**30)


def test_directions():
    """Larger around the centre, to the left, right and down."""
    middle = np.array([(SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2, 1])
    assert Zoom(1.5, 20).matrix(SIZE) @ middle == pytest.approx(middle)
    x, y, _ = Zoom(1.0, 90).matrix(SIZE) @ (middle + [10, 0, 0])
    assert (x, y) == pytest.approx((middle[0], middle[1] - 10))  # what was right of the centre is above it
    shifted = moved(
        np.pad(np.ones((1, 1), np.float32), [(20, 51), (30, 65)]), Zoom(1.0, 0, (3, 2)).matrix(SIZE)
    )
    assert np.unravel_index(shifted.argmax(), SIZE) == (22, 33)


def test_no_motion_changes_nothing(photo):
    assert moved(photo, np.eye(3)) == pytest.approx(photo, abs=1e-6)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "1e9,0", "nan,0"])
def test_a_translation_is_two_numbers(text):
    assert translation("2,-1.5") == (2.0, -1.5)
    with pytest.raises(UsageError, match="two numbers"):
        translation(text)


@pytest.mark.parametrize(
    "zoom", [Zoom(1.05), Zoom(0.97), Zoom(1.0, 1.0), Zoom(1.0, 0.0, (1.0, 0.5)), Zoom(1.03, -1.0, (1, 1))]
)
def test_the_first_frame_comes_back_where_the_motion_puts_it(zoom, photo):
    frames, photo = (
        150,
        cv2.GaussianBlur(photo, (0, 0), 2),
    )  # of finer things, reading them twice takes something
    arrival = Arrival(photo, zoom, frames)
    assert arrival(frames - arrival.length - 1) is None and arrival(frames) is None
    seen, shown, firm = arrival(frames - 1)
    # one motion on, the last frame is the first one, wherever it is in the picture
    assert jump(seen, photo, zoom.matrix(SIZE)) < 0.002
    assert shown.max() == firm.max() == pytest.approx(1.0)
    covered = moved(firm[..., 0], zoom.matrix(SIZE), outside="nothing")
    assert np.median(covered) > 0.99
    amounts = [float(arrival(n)[1].max()) for n in range(frames - arrival.length, frames)]
    assert amounts[0] < 0.1 and max(np.abs(np.diff(amounts))) < 0.2  # it is faded in
    firmness = [float(arrival(n)[2].max()) for n in range(frames - arrival.length, frames)]
    assert firmness[0] == 0 and max(np.abs(np.diff(firmness))) < 0.2


def test_hundreds_of_enlargements_stay_sharp_and_do_not_drift(photo):
    """Without it, what is enlarged again and again is a blur, or whatever colour was in the middle."""
    matrix, drift = Zoom(1.02).matrix(SIZE), Drift(photo)
    held = lost = photo
    rng = np.random.default_rng(0)
    for _ in range(200):
        grain = rng.normal(0, 0.01, photo.shape).astype(np.float32)  # a dream adds something
        held = drift(np.clip(moved(held, matrix) + grain, 0, 1))
        lost = moved(lost, matrix)

    def sharpness(x):
        return float(np.abs(np.diff(x, axis=0)).mean())

    assert sharpness(lost) < 0.3 * sharpness(photo) < sharpness(held) < 3 * sharpness(photo)
    light, before = held @ AXES.T, photo @ AXES.T
    assert np.abs(light.mean((0, 1)) - before.mean((0, 1))).max() < 0.08
    written = np.rint(255 * held)
    assert written.min() > 0 and written.max() < 255  # nothing is cut off on the way


def test_what_is_gaudy_is_led_back(photo):
    """The spread of light and colours ends where that of the first picture is, within what a dream may have."""
    drift = Drift(photo)
    frame = np.clip(0.5 + 3 * (photo - 0.5), 0, 1)
    for _ in range(80):
        frame = drift(frame)
    assert 0.1 < frame.mean(2).std() < 0.3 and (frame.max(2) - frame.min(2)).mean() < 0.3


def test_what_comes_in_from_outside_is_no_stripes(photo):
    """Shrunk again and again, a picture goes on with something as rich as itself, not with its stretched edge."""
    matrix = Zoom(0.96).matrix(SIZE)
    mirrored = repeated = cv2.GaussianBlur(photo, (0, 0), 1)
    assert np.array_equal(continued(photo, Zoom(1.05).matrix(SIZE)), moved(photo, Zoom(1.05).matrix(SIZE)))
    for _ in range(30):
        mirrored, repeated = moved(mirrored, matrix), continued(repeated, matrix)

    def along(x):  # what changes from the middle of a side to the edge
        return float(np.abs(np.diff(x[SIZE[0] // 3 : -SIZE[0] // 3, -24:].mean(2), axis=1)).mean())

    assert along(repeated) > 1.5 * along(mirrored)
