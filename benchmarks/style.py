"""How fast and how good is the painter? `python -m benchmarks.style --weights vgg19_notop.h5`

1. At 512 pixels, with VGG19 and Gram matrices: the seconds until the style is as near as a plain Adam loop brings it in
   100 steps at full size, with the same network in the same precision, the same layers and weights.
2. On a problem of 64 pixels: how far the painter's value is from the one that SciPy's L-BFGS finds in ten times the
   steps, for both measures of style.

Prints both ratios as JSON. The clock is the processor's, so that what else a machine does weighs less; it stands
while a style is measured. Without `--content` and `--style` two drawn pictures are used.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from deepdream_av.recipe import Recipe

STEP = 0.02  # of the plain loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="vgg19")
    parser.add_argument("--weights", default="")
    parser.add_argument("--content", default="")
    parser.add_argument("--style", default="")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--steps", type=int, default=100, help="of the plain loop")
    parser.add_argument("--part", choices=("speed", "value", "both"), default="both")
    args = parser.parse_args()
    report = {"backbone": args.backbone}
    if args.part != "value":
        report |= speed(args)
    if args.part != "speed":
        report |= {f"{loss}_to_scipy": value(args, loss) for loss in ("w2", "gram")}
    print(json.dumps(report))


def pictures(args, size: int):
    """Content and style, the content with `size` pixels on its long side."""
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.media.example import example_picture
    from deepdream_av.media.image import read_image

    content = read_image(args.content).array if args.content else example_picture()
    style = read_image(args.style).array if args.style else drawn()
    ratio = size / max(content.shape[:2])
    return scaled(content, tuple(round(side * ratio) for side in content.shape[:2])), style


def drawn(side: int = 384) -> np.ndarray:
    """Coloured strokes."""
    import cv2

    rng = np.random.default_rng(0)
    canvas = np.full((side, side, 3), (0.9, 0.8, 0.6), np.float32)
    for _ in range(1500):
        x, y, turn = rng.uniform(0, side), rng.uniform(0, side), rng.uniform(-0.6, 0.6)
        end = (int(x + 40 * np.cos(turn)), int(y + 40 * np.sin(turn)))
        cv2.line(canvas, (int(x), int(y)), end, rng.choice([[0.1, 0.2, 0.6], [0.9, 0.5, 0.1], [0.3, 0.1, 0.1]]).tolist(),
                 int(rng.integers(2, 7)), cv2.LINE_AA)  # fmt: skip
    return canvas


class _Clock:
    """The processor's time, which can be stopped."""

    def __init__(self):
        self.total, self._began = 0.0, time.process_time()

    def stop(self):
        self.total += time.process_time() - self._began

    def go(self):
        self._began = time.process_time()


def speed(args) -> dict:
    """The ratio of the times until the same nearness to the style."""
    from deepdream_av.ascent.painter import Painter
    from deepdream_av.objectives.paintings import Painting

    content, style = pictures(args, args.size)
    recipe = Recipe(backbone=args.backbone, weights=args.weights, style_loss="gram")
    painter = Painter(recipe, [Painting(style)])
    meter = Painter(recipe, [Painting(style)])  # of its own, as what a painter aims at changes with the size
    meter.goal.aim(content)
    for _ in painter.paint(content[:96, :96], every=2):  # compiles
        break
    plain_seconds, wanted = plain(painter, meter, content, args.steps)
    print(f"plain: {plain_seconds:.1f} s to {wanted:.5f}", file=sys.stderr)
    clock, ours, reached = _Clock(), None, None
    for step in painter.paint(content, every=5):
        if step.octave < step.octaves - 1:
            continue
        clock.stop()
        reached = meter.style_score(step.array())
        print(f"ours: {clock.total:.1f} s to {reached:.5f}", file=sys.stderr)
        if reached <= wanted:
            ours = clock.total
            break
        clock.go()
    times = {"plain_s": round(plain_seconds, 1), "ours_s": ours and round(ours, 1), "style": round(wanted, 5)}
    return times | {"reached": round(reached, 5), "time_share": ours and round(ours / plain_seconds, 3)}


def plain(painter, meter, content: np.ndarray, steps: int) -> tuple[float, float]:
    """Seconds and style of the loop that one writes first: Adam on all pixels at full size, compiled, clipped."""
    import tensorflow as tf

    goal = meter.goal
    listener = goal.backbone.truncated(goal.objective.layers)

    @tf.function
    def step(x, m, v, t):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = -goal.objective(dict(listener(x[None])) | {"picture": x[None]})
        g = tape.gradient(loss, x)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x -= STEP * (m / (1 - 0.9**t)) / (tf.sqrt(v / (1 - 0.999**t)) + 1e-12)
        return tf.clip_by_value(x, 0.0, 1.0), m, v

    x = tf.constant(content)
    start = (x, tf.zeros_like(x), tf.zeros_like(x))
    step(*start, tf.constant(1.0))  # compiles
    clock = _Clock()
    for t in range(1, steps + 1):
        start = step(*start, tf.constant(float(t)))
    shown = start[0].numpy()
    clock.stop()
    return clock.total, meter.style_score(shown)


def value(args, loss: str, *, size: int = 64, steps: int = 200) -> float:
    """The painter's value divided by that of L-BFGS, both for style and content together; 1 is as good."""
    from deepdream_av.ascent.painter import Painter
    from deepdream_av.objectives.paintings import Painting

    content, style = pictures(args, size)
    found = {}
    for optimizer, count in (("adam", steps), ("lbfgs", 10 * steps)):
        recipe = Recipe(backbone=args.backbone, weights=args.weights, style_loss=loss, optimizer=optimizer,
                        style_sizes=1, style_steps=count, first_steps=0)  # fmt: skip
        painter = Painter(recipe, [Painting(style)], dtype="float32")
        painter.transforms = ()  # SciPy's does not bear shifts, so that neither gets any
        for step in painter.paint(content, every=10):
            pass
        goal = painter.goal
        found[optimizer] = -float(goal.objective(goal.look(step.array())))
    print(loss, found, file=sys.stderr)
    return round(found["adam"] / found["lbfgs"], 4)


if __name__ == "__main__":
    main()
