"""Forest, flowers and a tree for the example landscape, drawn stroke by stroke."""

from __future__ import annotations

import numpy as np

from deepdream_av.media.example_noise import fractal


def plant_forest(rng, colour, base, crown, *, size: float, green) -> np.ndarray:
    """Draw trees row by row from the ridge down; `crown` is lowered to their outline."""
    rows, width = colour.shape[:2]
    groves = fractal(rng, (1024, 1024), slope=1.6)
    line = 0.0
    while line < rows:
        for x in np.arange(-size, width + size, size * 0.8) + rng.uniform(-size, size):
            x += rng.normal(0, size * 0.5)
            grove = groves[int(line * 6) % 1024, int(x * 3) % 1024]
            y = base[int(np.clip(x, 0, width - 1))] + line + rng.normal(0, size * 0.4)
            warm = np.clip(0.5 + 0.5 * grove, 0, 1.3)
            hue = (
                green * rng.uniform(0.75, 1.25) * (0.75 + 0.45 * warm)
                + np.array([0.15, 0.05, -0.02]) * warm**2
            )
            wide = size * rng.uniform(0.55, 1.05)
            tall = wide * (rng.uniform(1.0, 1.5) if grove > -0.2 else rng.uniform(2.0, 3.0))
            (_round_tree if grove > -0.2 else _pointed_tree)(rng, colour, x, y, wide, tall, hue)
            span = np.arange(int(max(0, x - wide)), int(min(width, x + wide)))
            outline = y - tall * np.clip(1 - np.abs(span - x) / wide, 0, 1) ** (0.5 if grove > -0.2 else 1)
            crown[span] = np.minimum(crown[span], outline)
        colour *= 0.985  # rows in front stand against darker ones
        line += max(1.0, size * 0.8)
        size *= 1.07
    return colour


def _round_tree(rng, colour, x, y, wide, tall, hue) -> None:
    import cv2

    for k in range(9):  # clumps of leaves, the later ones nearer to the light
        lift = k / 8
        place = (
            x + wide * (rng.uniform(-0.55, 0.55) * (1 - 0.5 * lift) + 0.22 * lift),
            y - tall * (0.25 + 0.55 * lift),
        )
        tone = hue * (0.5 + 1.05 * lift * rng.uniform(0.75, 1.15))
        cv2.ellipse(
            colour,
            (round(place[0] * 16), round(place[1] * 16)),
            (round(wide * 16 * (0.75 - 0.45 * lift)), round(tall * 16 * (0.42 - 0.22 * lift))),
            0,
            0,
            360,
            [float(c) for c in np.clip(tone, 0, 1)],
            -1,
            cv2.LINE_AA,
            4,
        )


def _pointed_tree(rng, colour, x, y, wide, tall, hue) -> None:
    import cv2

    for k in range(4):  # tiers of branches, the upper ones over the lower
        top, low = y - tall * (0.25 + 0.25 * k), y - tall * 0.2 * k + 0.2 * tall
        half = wide * (0.8 - 0.17 * k)
        for left, tone in ((x - half, 0.55), (x + 0.05 * wide, 1.25)):
            right = x + half
            points = np.array([[left, low], [x, top], [right, low]])
            shade = np.clip(hue * tone * rng.uniform(0.85, 1.15) * 0.85, 0, 1)
            cv2.fillConvexPoly(
                colour, np.round(points * 16).astype(np.int32), [float(c) for c in shade], cv2.LINE_AA, 4
            )


def scatter_flowers(rng, canvas, ground, *, size: float, count: int) -> None:
    import cv2

    petals = ((0.95, 0.88, 0.80), (0.90, 0.62, 0.16), (0.80, 0.25, 0.22), (0.58, 0.42, 0.76))
    for _ in range(count):
        x = rng.uniform(0, canvas.shape[1] - 1)
        y = ground[int(x)] - size * rng.uniform(2, 7)
        colour = petals[rng.integers(len(petals))]
        for turn in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 1):
            place = np.round(np.array([x + size * np.cos(turn), y + 0.7 * size * np.sin(turn)]) * 16).astype(
                int
            )
            cv2.circle(
                canvas, tuple(map(int, place)), round(size * 0.75 * 16), (*colour, 1.0), -1, cv2.LINE_AA, 4
            )
        cv2.circle(
            canvas,
            (round(x * 16), round(y * 16)),
            round(size * 9),
            (0.35, 0.22, 0.06, 1.0),
            -1,
            cv2.LINE_AA,
            4,
        )


def grow_tree(rng, canvas, *, x: float, y: float, unit: float) -> None:
    """An old tree: branches that fork, leaves in clumps where they end."""
    import cv2

    tips = []

    def grow(x, y, angle, length, thick):
        end = x + np.cos(angle) * length, y - np.sin(angle) * length
        points = np.round(np.array([[x, y], end]) * 16).astype(np.int32)
        bark = (0.20, 0.14, 0.10, 1.0)
        cv2.line(
            canvas,
            tuple(map(int, points[0])),
            tuple(map(int, points[1])),
            bark,
            max(1, round(thick)),
            cv2.LINE_AA,
            4,
        )
        if thick > 2.5:  # the side of the sun
            side = np.round(np.array([thick * 0.25, 0]) * 16).astype(np.int32)
            cv2.line(
                canvas,
                tuple(map(int, points[0] + side)),
                tuple(map(int, points[1] + side)),
                (0.46, 0.32, 0.20, 1.0),
                max(1, round(thick * 0.3)),
                cv2.LINE_AA,
                4,
            )
        if length < 9 * unit:
            tips.append(end)
            return
        if length < 22 * unit:
            tips.append(end)
        for spread in (rng.uniform(0.25, 0.65), -rng.uniform(0.25, 0.65)):
            grow(*end, angle + spread, length * rng.uniform(0.66, 0.84), thick * 0.68)

    grow(x, y, np.pi / 2 - 0.06, 62 * unit, 13 * unit)
    for tx, ty in sorted(tips, key=lambda tip: -tip[1]):
        for _ in range(26):
            dx, dy = rng.normal(0, 6.5 * unit, 2)
            light = np.clip(
                0.5 + 0.35 * dx / (6.5 * unit) - 0.35 * dy / (6.5 * unit), 0.05, 1.2
            ) * rng.uniform(0.6, 1.25)
            colour = np.array([0.10, 0.15, 0.05]) + light * np.array([0.38, 0.36, 0.10])
            place = round((tx + dx) * 16), round((ty + dy * 0.8) * 16)
            axes = round(2.3 * unit * 16 * rng.uniform(0.6, 1.2)), round(1.3 * unit * 16)
            cv2.ellipse(
                canvas,
                place,
                axes,
                float(rng.uniform(0, 180)),
                0,
                360,
                (*map(float, colour), 1.0),
                -1,
                cv2.LINE_AA,
                4,
            )
