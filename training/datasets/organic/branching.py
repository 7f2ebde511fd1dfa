"""Branching growth: coral whose arms reach into free water and never meet.

The skeleton is a rapidly exploring random tree (LaValle, 1998): food drifts by anywhere, and the nearest node reaches
for it, so arms fork and spread into what is empty; here they also keep a distance, as polyps do. Thickness follows
the pipe model: an arm holds what its twigs hold.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.organic.easel import fine, inks, reduced
from training.datasets.painting import background, coloured, noise, over, relief, stretched


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.hypot(a[:, None, 0] - b[:, 0], a[:, None, 1] - b[:, 1])


def grown(
    rng: np.random.Generator, roots: np.ndarray, *, stride: float, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """A tree that fills the unit square and a margin of 0.1.

    Args:
        roots: where growth begins, `[count, 2]`.
        stride: length of a segment.
        gap: least distance of nodes that are not next of kin, more than `stride`.

    Returns:
        `(nodes [count, 2], parents [count])`; the parent of a root is -1, any other stands before its child.
    """
    room = int(4 / stride**2) + len(roots)
    nodes, parents = np.full([room, 2], 1e3, np.float32), np.full(room, -1)
    nodes[: len(roots)] = roots
    count = len(roots)
    for _ in range(int(8 / stride)):
        calls = rng.uniform(-0.1, 1.1, [12, 2]).astype(np.float32)
        every = nodes[:count]
        owner = _distance(calls, every).argmin(1)
        towards = calls - every[owner] + rng.normal(0, 0.3 * stride, calls.shape).astype(np.float32)
        tips = every[owner] + stride * towards / np.maximum(np.hypot(*towards.T), 1e-9)[:, None]
        far = _distance(tips, every)
        kin = np.arange(count) == parents[owner, None]
        kin |= (parents[:count] == owner[:, None]) & (far > 0.9 * stride)
        kin[np.arange(12), owner] = True
        free = (kin | (far > gap)).all(1)
        for k in np.flatnonzero(free):
            fresh = nodes[len(every) : count]  # what grew in this same round
            if count < room and (not len(fresh) or np.hypot(*(fresh - tips[k]).T).min() > gap):
                nodes[count], parents[count] = tips[k], owner[k]
                count += 1
    return nodes[:count], parents[:count]


def smoothed(nodes: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Nodes drawn halfway to the mean of their parent and their children, so that arms bend instead of breaking."""
    child = np.flatnonzero(parents >= 0)
    total, count = np.zeros_like(nodes), np.zeros(len(nodes))
    np.add.at(total, parents[child], nodes[child])
    np.add.at(count, parents[child], 1)
    total[child] += nodes[parents[child]]
    count[child] += 1
    inner = count > 1  # tips stay
    bent = nodes.copy()
    bent[inner] = 0.5 * nodes[inner] + 0.5 * total[inner] / count[inner, None]
    return bent


def thickness(parents: np.ndarray, *, twig: float, power: float) -> np.ndarray:
    """Radius at each node by the pipe model: radius ** power is the sum over the children, `twig` at the tips.

    Args:
        parents: index of each node's parent, smaller than its own; -1 for roots.
    """
    held = np.zeros(len(parents))
    for k in range(len(parents) - 1, -1, -1):
        if held[k] == 0:
            held[k] = twig**power
        if parents[k] >= 0:
            held[parents[k]] += held[k]
    return held ** (1 / power)


def _roots(rng: np.random.Generator) -> np.ndarray:
    """Where a coral stands: at one edge, or (seen from above) in the middle. Roots that crowd could not grow."""
    if rng.random() < 0.4:
        middle, away = rng.uniform(0.4, 0.6, 2), rng.uniform(0.15, 0.3, 2)
        return np.stack([middle + away, middle - away])[: rng.integers(1, 3)]
    count = rng.integers(1, 4)
    along = (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count
    roots = np.stack([along, np.full_like(along, 1.08)], 1)
    for _ in range(rng.integers(4)):
        roots = np.stack([roots[:, 1], 1 - roots[:, 0]], 1)
    return roots


def _arms(rng: np.random.Generator, side: int, gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One coral: coverage and height in [0, 1], `[side, side]` each, and the tips `[count, 2]` in pixels."""
    nodes, parents = grown(rng, _roots(rng), stride=gap * 0.6, gap=gap * rng.uniform(0.8, 1.1))
    nodes = smoothed(smoothed(nodes, parents), parents)
    twig = gap * rng.uniform(0.18, 0.27)
    radii = np.minimum(thickness(parents, twig=twig, power=rng.uniform(3.5, 6)), gap * 0.9)
    at = np.round(nodes * side * 16).astype(int)
    mask = np.zeros([side, side], np.uint8)
    for k in np.flatnonzero(parents >= 0):
        cv2.line(mask, at[k], at[parents[k]], 255, max(int(round(2 * radii[k] * side)), 1), cv2.LINE_AA, 4)
    far = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5) / side
    height = np.sqrt(np.clip(far / (1.6 * twig), 0, 1))
    tips = nodes[np.setdiff1d(np.arange(len(nodes)), parents)] * side
    return mask.astype(np.float32) / 255, height.astype(np.float32), tips


def coral(rng: np.random.Generator, size: int) -> np.ndarray:
    """Round arms that fork into free water, lit from one side, often with pale tips and a second coral behind."""
    side = fine(size)
    gap = float(np.exp(rng.uniform(np.log(0.05), np.log(0.14))))
    colours = inks(rng, 5, gap=0.45)
    light = colours[4].sum() > colours[0].sum()
    picture = background(rng, side, colours[[0, 0, 1]]) * rng.uniform(0.6, 1)
    if rng.random() < 0.45:
        mask, height, _ = _arms(rng, side, gap * 0.8)
        behind = (
            np.broadcast_to(colours[1] * 0.5 + colours[2] * 0.5, picture.shape)
            * (0.4 + 0.6 * height)[..., None]
        )
        picture = over(picture, behind, cv2.GaussianBlur(mask, (0, 0), side * 0.006) * rng.uniform(0.3, 0.6))
    mask, height, tips = _arms(rng, side, gap)
    shadow = light * np.roll(
        cv2.GaussianBlur(mask, (0, 0), gap * side * 0.15), [int(gap * side * 0.12)] * 2, (0, 1)
    )
    picture = picture * (1 - 0.55 * shadow)[..., None]
    tone = 0.55 + 0.35 * height + 0.2 * (noise(rng, side, cells=8, octaves=3) - 0.5)
    arms = coloured(tone, colours[[2, 4, 4]])
    if not light:  # dark arms would lose their roundness: give them a sheen
        arms = arms * 0.9 + 0.25 * np.clip(height - 0.55, 0, 1)[..., None]
    if rng.random() < 0.5:
        pale = np.zeros([side, side], np.float32)
        for x, y in np.round(tips).astype(int):
            cv2.circle(pale, (int(x), int(y)), max(int(gap * side * 0.22), 1), 1.0, -1)
        pale = cv2.GaussianBlur(pale, (0, 0), gap * side * 0.12)
        arms = over(arms, np.broadcast_to(colours[4] * 0.5 + 0.5, arms.shape), 0.9 * np.clip(pale, 0, 1))
    if rng.random() < 0.4:  # polyps
        grain = stretched(noise(rng, side, cells=3 / gap, octaves=1), tails=0.02)
        height = height + 0.25 * grain
        arms = arms * (0.75 + 0.5 * grain)[..., None]
    smooth = cv2.GaussianBlur(height, (0, 0), side * 0.003)
    return reduced(over(picture, arms * relief(rng, smooth, depth=gap * 60), mask), size)
