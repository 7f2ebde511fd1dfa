"""A landscape made by code: clouds over mountains, forest, a lake and a meadow, under a drifting camera.

Everything grows from fractal noise drawn from one seed, so the same picture appears on every machine.
It is rich in texture of middle size on purpose: that is where a dreaming network finds its creatures.
"""

from __future__ import annotations

import numpy as np

from deepdream_av.media.example_noise import fractal, sample, smooth_step
from deepdream_av.media.example_plants import grow_tree, plant_forest, scatter_flowers

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
        self._clouds = fractal(rng, (size, size), slope=1.75)
        self._puffs = fractal(rng, (size, size), slope=1.15)
        self._cirrus = fractal(rng, (size, size), slope=1.5, stretch=5.0)
        self._ripples = fractal(rng, (size, size), slope=1.1, stretch=6.0)
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
        sky = blue + (rose - blue) * smooth_step(y, -0.1, 0.62) + (gold - rose) * smooth_step(y, 0.45, 0.85)
        sky = np.broadcast_to(sky, (self.horizon, self.width, 3)).copy()
        high = sample(self._cirrus, u * 0.55 + 4 * time, v * 0.8)
        high += 0.8 * sample(self._puffs, u * 0.8 + 4 * time, v * 1.1)
        sky += 0.24 * smooth_step(high, -1.6, 2.4)[..., None] * np.array([1.0, 0.93, 0.9], np.float32)
        drift = 13.0 * time

        def mass(du, dv):
            return sample(self._clouds, u + drift + du, v + dv) + 0.42 * sample(
                self._puffs, u + drift * 1.04 + du, v + dv
            )

        here = mass(0, 0)
        toward_sun = mass(16, 26)
        cover = smooth_step(here, -0.5, 0.55)
        lit = np.clip(0.60 + 0.38 * (here - toward_sun), 0, 1.25)[..., None]
        dark, bright = np.array([0.34, 0.33, 0.47], np.float32), np.array([1.0, 0.93, 0.83], np.float32)
        cloud = dark + (bright - dark) * lit
        haze = smooth_step(depth, 1.5, 4.5)[..., None] * 0.65
        cloud = cloud + (gold * 0.95 - cloud) * haze
        return sky + (cloud - sky) * (0.96 * cover)[..., None]

    def _lake(self, upper: np.ndarray, time: float) -> np.ndarray:
        """The sky and the shore, upside down, broken by waves that grow towards the viewer."""
        import cv2

        rows = self.height - self.horizon
        y, x = np.mgrid[0:rows, 0 : self.width].astype(np.float32)
        near = (y + 4) / rows
        depth = 1.0 / (near + 0.06)
        wave = sample(self._ripples, (x / self.width - 0.5) * depth * 300 + 10 * time, depth * 130 + 7 * time)
        amplitude = self.height / 360 * (1.5 + 16 * near)
        source = np.clip(self.horizon - 1 - y * 1.15 - amplitude * np.abs(wave), 0, self.horizon - 1)
        mirror = cv2.remap(upper, np.clip(x + 2 * wave, 0, self.width - 1), source, cv2.INTER_LINEAR)
        tint = np.array([0.05, 0.16, 0.20], np.float32)
        water = mirror * 0.72 + tint * (0.55 + 0.7 * near[..., None])
        glint = smooth_step(wave, 0.9, 2.6) * smooth_step(near, 0.0, 0.5)
        return water + 0.33 * glint[..., None] * np.array([1.0, 0.86, 0.66], np.float32)

    def _glow(self) -> np.ndarray:
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        square = ((x / self.width - _SUN[0]) * 1.5) ** 2 + ((y / self.height - _SUN[1]) * 1.2) ** 2
        return np.exp(-square * 9)[..., None] * np.array([1.0, 0.72, 0.42], np.float32)


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
    line = fractal(rng, (1024, 1024), slope=1.95)
    x = np.arange(width) / unit
    far, close = (
        1 - np.abs(np.interp(x * k, np.arange(1024), line[n], period=1024))
        for k, n in ((0.42, 7), (1.1, 300))
    )
    ridge = rows * (0.52 - 0.24 * far - 0.08 * close)
    rock = fractal(rng, (1024, 1024), slope=1.45)
    y, x = np.mgrid[0:rows, 0:width].astype(np.float32) / unit
    below = ((np.arange(rows)[:, None] - ridge[None, :]) / rows).astype(np.float32)
    # ribs of rock run down from the ridge, so the noise is read along the slope
    surface = sample(rock, x * 1.5, 60 * below + 0.9 * y)
    light = _relief(surface - 2.2 * below, light=(-1.0, -0.35))
    snow = smooth_step(0.13 - below + 0.075 * surface, 0.0, 0.07)[..., None]
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
    line = fractal(rng, (1024, 1024), slope=1.9)[3]
    base = rows * (0.42 + 0.16 * np.interp(np.arange(width) / unit * 0.7, np.arange(1024), line, period=1024))
    size = (7.0 if near else 4.2) * unit
    green = np.array([0.20, 0.30, 0.15] if near else [0.27, 0.36, 0.34], np.float32)
    colour = np.tile(green * 0.5, (rows, width, 1)).astype(np.float32)
    crown = np.full(width, float(rows))
    colour = plant_forest(rng, colour, base, crown, size=size, green=green)
    haze = (0.04 if near else 0.26) + 0.10 * np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    colour = colour + (np.array([0.80, 0.66, 0.56], np.float32) - colour) * haze
    return _layer(colour, np.minimum(base, crown), rows)


def _meadow(rng, scene: Landscape) -> np.ndarray:
    """The near shore: blades of grass, flowers, and a tree to look past."""
    import cv2

    unit = scene.height / 360
    rows, width = scene.height, _wide(scene, 9.0)
    canvas = np.zeros((rows, width, 4), np.float32)
    line = fractal(rng, (1024, 1024), slope=1.9)[11]
    ground = rows * (
        0.875 + 0.018 * np.interp(np.arange(width) / unit * 0.6, np.arange(1024), line, period=1024)
    )
    y = np.arange(rows)[:, None]
    canvas[y[:, 0][:, None] >= ground[None, :] + 3] = (0.13, 0.17, 0.07, 1.0)
    grow_tree(rng, canvas, x=0.17 * scene.width, y=float(ground[round(0.17 * scene.width)] + 4), unit=unit)
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
        scatter_flowers(
            rng, canvas, ground + row, size=unit * (0.9 + 1.7 * depth), count=int(width / (70 * unit))
        )
    return canvas
