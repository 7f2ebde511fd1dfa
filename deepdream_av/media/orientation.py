"""Which way up a stored picture is: phones turn nothing, they write down how they were held."""

from __future__ import annotations

import numpy as np

UPRIGHT = (1, 0, 0, 1)


def orientation_of(raw) -> tuple[int, int, int, int]:
    """How a frame is to be shown, as the file tells.

    Args:
        raw: PyAV's frame.

    Returns:
        (a, b, c, d), each -1, 0 or 1: a stored pixel at (x, y), measured from the middle, is shown at
        (a x + c y, b x + d y), y downwards. Angles between the right ones become the nearest right one.
    """
    for data in raw.side_data:
        if data.type.name == "DISPLAYMATRIX" and len(bytes(data)) == 36:
            a, b, _, c, d = (int(n) for n in np.frombuffer(bytes(data), np.int32)[:5])
            if abs(a) + abs(d) >= abs(b) + abs(c):
                return (-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
            return (0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)
    return UPRIGHT


def lies(orientation: tuple[int, int, int, int]) -> bool:
    """Whether width and height change places."""
    return orientation[0] == 0


def upright(array: np.ndarray, orientation: tuple[int, int, int, int]) -> np.ndarray:
    """A picture as it is to be shown.

    Args:
        array: `[height, width, ...]`, as stored.
        orientation: what `orientation_of` says.

    >>> upright(np.array([[1, 2], [3, 4]]), (-1, 0, 0, 1)).tolist()  # a mirror
    [[2, 1], [4, 3]]
    >>> upright(np.array([[1, 2], [3, 4]]), (0, 1, -1, 0)).tolist()  # clockwise
    [[3, 1], [4, 2]]
    """
    a, b, c, d = orientation
    if orientation == UPRIGHT:
        return array
    if lies(orientation):
        array, a, d = array.swapaxes(0, 1), c, b
    return np.ascontiguousarray(array[:: d or 1, :: a or 1])
