"""A landscape made by code: clouds over mountains, forest, a lake and a meadow, under a drifting camera.

Everything grows from fractal noise drawn from one seed, so the same picture appears on every machine.
It is rich in texture of middle size on purpose: that is where a dreaming network finds its creatures.
"""

from __future__ import annotations

import numpy as np

SEED = 20150617  # the day Deep Dreams were first shown in public
_HORIZON = 0.56  # height of the horizon, as a share of the picture
_SUN = np.array([0.72, 0.40])  # place of the sun, as shares of width and height


class Landscape:
    """A scene of which any moment can be rendered.

    Args:
        width, height: size of the pictures, in pixels.

    >>> Landscape(64, 36).render(0.0).shape
    (36, 64, 3)
    """

    def __init__(self, width: int = 640, height: int = 360):
        self.width, self.height = width, height
        self.horizon = round(height * _HORIZON)
        rng = np.random.default_rng(SEED)
        size = 1024
        self._clouds = _fractal(rng, (size, size), slope=1.75)
        self._puffs = _fractal(rng, (size, size), slope=1.15)
        self._cirrus = _fractal(rng, (size, size), slope=1.5, stretch=5.0)
        self._ripples = _fractal(rng, (size, size), slope=1.1, stretch=6.0)
        self._layers = [_mountains(rng, self), _hills(rng, self, near=False), _hills(rng, self, near=True)]
        self._meadow = _meadow(rng, self)
        self._sky_rays = self._rays()

    def render(self, time: float) -> np.ndarray:
        """The picture at `time` seconds: float32 `[height, width, 3]` in [0, 1]."""
        import cv2

        picture = np.empty((self.height, self.width, 3), np.float32)
        upper = self._sky(time)
        for layer, parallax in zip(self._layers, (0.6, 1.5, 3.2)):
            _over(upper, layer, shift=parallax * self._pan(time))
        picture[: self.horizon] = upper
        picture[self.horizon :] = self._lake(upper, time)
        _over(picture, self._meadow, shift=9.0 * self._pan(time))
        glow = self._glow()
        picture = 1 - (1 - picture) * (1 - 0.28 * glow)  # light scattered in the air, as a screen blend
        return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.45), 0, 1).astype(np.float32)

    def _pan(self, time: float) -> float:
        """How far the camera has moved, in pixels of a layer with parallax 1."""
        return self.width / 640 * 2.2 * time

    def _rays(self):
        """Where each pixel of the sky looks on a flat layer of clouds: `u, v` and the depth."""
        y, x = np.mgrid[0 : self.horizon, 0 : self.width].astype(np.float32)
        depth = 0.42 / ((self.horizon - y) / self.height + 0.10)
        u = (x / self.width - 0.5) * depth * 620
        return u, depth * 330, depth

    def _sky(self, time: float) -> np.ndarray:
        u, v, depth = self._sky_rays
        y = np.linspace(0, 1, self.horizon, dtype=np.float32)[:, None, None]
        blue, rose, gold = (
            np.array(c, np.float32) for c in ((0.12, 0.30, 0.58), (0.72, 0.66, 0.70), (1.0, 0.78, 0.52))
        )
        sky = blue + (rose - blue) * _smooth(y, -0.1, 0.62) + (gold - rose) * _smooth(y, 0.45, 0.85)
        sky = np.broadcast_to(sky, (self.horizon, self.width, 3)).copy()
        high = _sample(self._cirrus, u * 0.55 + 4 * time, v * 0.8)
        high += 0.8 * _sample(self._puffs, u * 0.8 + 4 * time, v * 1.1)
        sky += 0.24 * _smooth(high, -1.6, 2.4)[..., None] * np.array([1.0, 0.93, 0.9], np.float32)
        drift = 13.0 * time

        def mass(du, dv):
            return _sample(self._clouds, u + drift + du, v + dv) + 0.42 * _sample(
                self._puffs, u + drift * 1.04 + du, v + dv
            )

        here = mass(0, 0)
        toward_sun = mass(16, 26)
        cover = _smooth(here, -0.5, 0.55)
        lit = np.clip(0.60 + 0.38 * (here - toward_sun), 0, 1.25)[..., None]
        dark, bright = np.array([0.34, 0.33, 0.47], np.float32), np.array([1.0, 0.93, 0.83], np.float32)
        cloud = dark + (bright - dark) * lit
        haze = _smooth(depth, 1.5, 4.5)[..., None] * 0.65
        cloud = cloud + (gold * 0.95 - cloud) * haze
        return sky + (cloud - sky) * (0.96 * cover)[..., None]

    def _lake(self, upper: np.ndarray, time: float) -> np.ndarray:
        """The sky and the shore, upside down, broken by waves that grow towards the viewer."""
        import cv2

        rows = self.height - self.horizon
        y, x = np.mgrid[0:rows, 0 : self.width].astype(np.float32)
        near = (y + 4) / rows
        depth = 1.0 / (near + 0.06)
        wave = _sample(
            self._ripples, (x / self.width - 0.5) * depth * 300 + 10 * time, depth * 130 + 7 * time
        )
        amplitude = self.height / 360 * (1.5 + 16 * near)
        source = np.clip(self.horizon - 1 - y * 1.15 - amplitude * np.abs(wave), 0, self.horizon - 1)
        mirror = cv2.remap(upper, np.clip(x + 2 * wave, 0, self.width - 1), source, cv2.INTER_LINEAR)
        tint = np.array([0.05, 0.16, 0.20], np.float32)
        water = mirror * 0.72 + tint * (0.55 + 0.7 * near[..., None])
        glint = _smooth(wave, 0.9, 2.6) * _smooth(near, 0.0, 0.5)
        return water + 0.33 * glint[..., None] * np.array([1.0, 0.86, 0.66], np.float32)

    def _glow(self) -> np.ndarray:
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        square = ((x / self.width - _SUN[0]) * 1.5) ** 2 + ((y / self.height - _SUN[1]) * 1.2) ** 2
        return np.exp(-square * 9)[..., None] * np.array([1.0, 0.72, 0.42], np.float32)


def _fractal(rng, shape, *, slope: float, stretch: float = 1.0) -> np.ndarray:
    """Noise that tiles, with spectrum 1 / f^slope, mean 0 and deviation 1."""
    fy = np.fft.fftfreq(shape[0])[:, None] * (stretch if stretch > 1 else 1.0)
    fx = np.fft.rfftfreq(shape[1])[None, :] / (1.0 if stretch > 1 else stretch)
    frequency = np.hypot(fx * (stretch if stretch > 1 else 1.0), fy / (stretch if stretch > 1 else 1.0))
    frequency[0, 0] = 1.0
    # the largest waves are held back, or a whole sky may be one cloud
    amplitude = frequency**-slope * (1 - np.exp(-((frequency * shape[0] / 3.0) ** 2)))
    spectrum = amplitude * np.fft.rfft2(rng.standard_normal(shape))
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, shape)
    return (noise / noise.std()).astype(np.float32)


def _sample(texture: np.ndarray, x, y) -> np.ndarray:
    """Look up a tiling texture at any real coordinates."""
    import cv2

    size = texture.shape[0]
    padded = np.pad(texture, ((0, 1), (0, 1)), mode="wrap")
    return cv2.remap(
        padded, np.mod(x, size).astype(np.float32), np.mod(y, size).astype(np.float32), cv2.INTER_LINEAR
    )


def _smooth(x, low: float, high: float):
    """0 below `low`, 1 above `high`, and a soft step between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _over(picture: np.ndarray, layer: np.ndarray, *, shift: float) -> None:
    """Lay a wide RGBA layer, moved left by `shift` pixels, over the lower part of `picture`."""
    import cv2

    height, width = picture.shape[:2]
    move = np.float32([[1, 0, -shift], [0, 1, 0]])
    seen = cv2.warpAffine(
        layer, move, (width, layer.shape[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    top = height - layer.shape[0]
    alpha = seen[..., 3:]
    picture[top:] = picture[top:] * (1 - alpha) + seen[..., :3] * alpha


def _wide(scene: Landscape, parallax: float) -> int:
    """Width of a layer that lasts for a pan of twenty seconds; longer pans meet its mirror image."""
    return round(scene.width + parallax * scene._pan(20.0)) + 8


def _relief(height_map: np.ndarray, light=(-0.8, -0.6)) -> np.ndarray:
    """Brightness of a surface lit from one side, around 0."""
    gy, gx = np.gradient(height_map)
    slope = gx * light[0] + gy * light[1]
    return slope / (slope.std() + 1e-6)


def _layer(colour: np.ndarray, ridge: np.ndarray, rows: int) -> np.ndarray:
    """RGBA with everything below the line `ridge` (pixels from the top) opaque."""
    y = np.arange(rows, dtype=np.float32)[:, None]
    alpha = np.clip(y - ridge[None, :] + 0.5, 0, 1)
    return np.dstack([np.clip(colour, 0, 1), alpha]).astype(np.float32)


def _mountains(rng, scene: Landscape) -> np.ndarray:
    rows, width = round(scene.height * 0.40), _wide(scene, 0.6)
    unit = scene.height / 360
    line = _fractal(rng, (1024, 1024), slope=1.95)
    x = np.arange(width) / unit
    far, close = (
        1 - np.abs(np.interp(x * k, np.arange(1024), line[n], period=1024))
        for k, n in ((0.42, 7), (1.1, 300))
    )
    ridge = rows * (0.52 - 0.24 * far - 0.08 * close)
    rock = _fractal(rng, (1024, 1024), slope=1.45)
    y, x = np.mgrid[0:rows, 0:width].astype(np.float32) / unit
    below = ((np.arange(rows)[:, None] - ridge[None, :]) / rows).astype(np.float32)
    # ribs of rock run down from the ridge, so the noise is read along the slope
    surface = _sample(rock, x * 1.5, 60 * below + 0.9 * y)
    light = _relief(surface - 2.2 * below, light=(-1.0, -0.35))
    snow = _smooth(0.13 - below + 0.075 * surface, 0.0, 0.07)[..., None]
    stone, white = np.array([0.27, 0.29, 0.44], np.float32), np.array([0.90, 0.82, 0.84], np.float32)
    colour = (stone + (white - stone) * snow) * (1 + 0.24 * np.clip(light, -2, 2)[..., None])
    haze = np.clip(0.14 + 1.25 * below, 0, 0.72)[..., None]
    colour = colour + (np.array([0.86, 0.70, 0.62], np.float32) - colour) * haze
    return _layer(colour, ridge, rows)


def _hills(rng, scene: Landscape, *, near: bool) -> np.ndarray:
    """A ridge covered by forest: crowns of many sizes, lit from the side of the sun."""
    rows = round(scene.height * (0.15 if near else 0.19))
    width = _wide(scene, 3.2 if near else 1.5)
    unit = scene.height / 360
    line = _fractal(rng, (1024, 1024), slope=1.9)[3]
    base = rows * (0.42 + 0.16 * np.interp(np.arange(width) / unit * 0.7, np.arange(1024), line, period=1024))
    size = (7.0 if near else 4.2) * unit
    green = np.array([0.20, 0.30, 0.15] if near else [0.27, 0.36, 0.34], np.float32)
    colour = np.tile(green * 0.5, (rows, width, 1)).astype(np.float32)
    crown = np.full(width, float(rows))
    colour = _plant(rng, colour, base, crown, size=size, green=green)
    haze = (0.04 if near else 0.26) + 0.10 * np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    colour = colour + (np.array([0.80, 0.66, 0.56], np.float32) - colour) * haze
    return _layer(colour, np.minimum(base, crown), rows)


def _plant(rng, colour, base, crown, *, size: float, green) -> np.ndarray:
    """Draw trees row by row from the ridge down; `crown` is lowered to their outline."""
    rows, width = colour.shape[:2]
    groves = _fractal(rng, (1024, 1024), slope=1.6)
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


def _meadow(rng, scene: Landscape) -> np.ndarray:
    """The near shore: blades of grass, flowers, and a tree to look past."""
    import cv2

    unit = scene.height / 360
    rows, width = scene.height, _wide(scene, 9.0)
    canvas = np.zeros((rows, width, 4), np.float32)
    line = _fractal(rng, (1024, 1024), slope=1.9)[11]
    ground = rows * (
        0.875 + 0.018 * np.interp(np.arange(width) / unit * 0.6, np.arange(1024), line, period=1024)
    )
    y = np.arange(rows)[:, None]
    canvas[y[:, 0][:, None] >= ground[None, :] + 3] = (0.13, 0.17, 0.07, 1.0)
    _tree(rng, canvas, x=0.17 * scene.width, y=float(ground[round(0.17 * scene.width)] + 4), unit=unit)
    for row in np.arange(0.0, rows - ground.min() + 10 * unit, 2.2 * unit):
        depth = row / (rows - ground.min())
        count = int(width / (1.5 * unit))
        xs = rng.uniform(0, width, count)
        tall = unit * (5 + 15 * depth) * rng.uniform(0.5, 1.3, count)
        lean = rng.normal(0.15, 0.45, count) * tall
        gold = rng.random(count)
        for x, t, slant, g in zip(xs, tall, lean, gold):
            foot = ground[int(np.clip(x, 0, width - 1))] + row
            colour = np.array([0.17, 0.27, 0.09]) * (0.75 + 0.8 * g) + np.array([0.34, 0.24, 0.05]) * g**3
            points = np.array([[x, foot], [x + 0.35 * slant, foot - 0.6 * t], [x + slant, foot - t]])
            cv2.polylines(
                canvas,
                [np.round(points * 16).astype(np.int32)],
                False,
                (*map(float, colour), 1.0),
                max(1, round(unit)),
                cv2.LINE_AA,
                4,
            )
        _flowers(rng, canvas, ground + row, size=unit * (0.9 + 1.7 * depth), count=int(width / (70 * unit)))
    return canvas


def _flowers(rng, canvas, ground, *, size: float, count: int) -> None:
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


def _tree(rng, canvas, *, x: float, y: float, unit: float) -> None:
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
