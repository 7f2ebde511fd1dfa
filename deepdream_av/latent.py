"""Dream in the world of a generator: `python -m deepdream_av.latent -o dream.png --seed 3`.

No picture goes in. Of many random latents the one is taken of whose picture the network sees most; from there the
latent climbs, and then the maps behind it, so that the picture stays one that the generator could have painted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from deepdream_av import cli
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe

CANDIDATES = 64  # random latents, of which the best is the start
GOAL = 2.5  # times what the best of them has of every wanted layer, at strength 1: there the climb ends
ROOM = 1.0  # how far a map may move, in units of its spread
SHOWN = {"sketch": 128, "normal": 192, "fine": 256}  # side in pixels at which a network sees a picture
STEPS = {"sketch": 0.5, "normal": 1.0, "fine": 2.0}  # times those of the recipe
FIRST_STEP, LAST_STEP = 0.2, 0.05  # length of a step, in units of the latent's and the maps' spread
# shares of the steps; how far the maps may move; how much wider, times, the colours may become meanwhile, since a
# picture shall leave those of its generator only if it must
_PHASES = ((0.2, 0.0, 1.0), (0.45, ROOM, 1.0), (0.35, ROOM, 3.0))
_EVERY = 3  # steps between two looks at how far it has come
_TOGETHER = 8  # pictures that are looked at together


@dataclass(frozen=True)
class DreamtLatent:
    """A picture out of a generator.

    Attributes:
        array: float32 `[size, size, 3]` in [0, 1], sRGB.
        latent: float32 `[latent]`, where in the generator's world it lies.
        recipe: how it was dreamt.
        report: what was measured on the way; `report["gain"]` says how many times more than in the best of the
            random latents there is of every wanted layer.
        interrupted: whether it was stopped early and is what had been dreamt until then.
    """

    array: np.ndarray
    latent: np.ndarray
    recipe: Recipe
    report: dict = field(default_factory=dict)
    interrupted: bool = False


def dream_latent(*, recipe: Recipe | None = None, progress: Callable | None = None) -> DreamtLatent:
    """Find the picture, of all that a generator can paint, that a network wants most.

    Args:
        recipe: how; `generator` paints, `backbone` and `layers` or `classes` want, `strength` says how far beyond
            the random pictures of the generator to go (0: the best of them). The default look if None.
        progress: called as `progress(done, total)` in steps.

    Returns:
        The dream. Ctrl-C gives what has been dreamt so far.

    Raises:
        UsageError: an unknown backbone, layer or class.
        WeightsError: the file is no generator.
    """
    from deepdream_av.canvases.latent import enlarged

    recipe, began = recipe or Recipe.from_look(), time.monotonic()
    search = _Search(recipe)
    search.run(progress or (lambda *_: None))
    canvas = search.canvas
    report = search.report() | {"seconds": round(time.monotonic() - began, 2)}
    array = enlarged(canvas.array(), recipe.size)[0].numpy()
    return DreamtLatent(array, canvas.latents[0], recipe, report, search.interrupted)


class _Search:
    """From many random latents to one that climbs."""

    def __init__(self, recipe: Recipe):
        from deepdream_av.ascent.pictures import PictureDreamer
        from deepdream_av.canvases.latent import latent_canvas
        from deepdream_av.canvases.world import world_of

        self.recipe, self._dreamer = recipe, PictureDreamer(recipe)
        generator = _generator(recipe.generator)
        self._kind = latent_canvas(
            generator, max(recipe.work_size or SHOWN[recipe.speed], world_of(generator).size)
        )
        self.canvas, self.interrupted = None, False

    def run(self, progress: Callable) -> None:
        """Climb; on Ctrl-C the canvas stays where it is."""
        total = max(len(_PHASES), round(self.recipe.latent_steps * STEPS[self.recipe.speed]))
        self._start()
        if not self.recipe.strength:
            return
        goal, begin = 1 + (GOAL - 1) * self.recipe.strength, 0
        try:
            for number, (share, room, wider) in enumerate(_PHASES):
                count = max(1, round(share * total)) if number < len(_PHASES) - 1 else max(1, total - begin)
                for step in self._climb(count, begin / total, room, wider, seed=self.recipe.seed + number):
                    progress(begin + step.step, total)
                    if self.gains().min() >= goal:
                        progress(total, total)
                        return
                begin += count
        except KeyboardInterrupt:
            self.interrupted = True

    def gains(self) -> np.ndarray:
        """How many times more there is of each wanted layer than in the best of the random pictures."""
        return self._look(self.canvas.array())[1][0] / np.maximum(self._best, 1e-9)

    def _look(self, pictures) -> tuple[np.ndarray, np.ndarray]:
        """Scores and energies of pictures, without jitter."""
        objective = self._dreamer.objective
        listener = self._dreamer.backbone.truncated(objective.layers)
        return _meter(listener, objective, len(pictures), self._kind.shown)(pictures)

    def _climb(self, count: int, begin: float, room: float, wider: float, *, seed: int):
        """Some steps, shorter and shorter, with the maps open as far as `room`."""
        import tensorflow as tf

        from deepdream_av.ascent import ascend
        from deepdream_av.canvases.latent import PartWise

        reach, done = self.canvas.given[1], 0

        def length() -> float:
            self.canvas.given = (tf.constant(room), reach * wider ** (done / count))
            place = begin + (1 - begin) * done / count
            return FIRST_STEP * (LAST_STEP / FIRST_STEP) ** place

        for step in ascend(
            self.canvas,
            self._dreamer.backbone,
            self._dreamer.objective,
            transforms=self._dreamer.transforms,
            rule=PartWise(self.canvas.world.widths),
            steps=count,
            step_size=length,
            seed=seed,
            every=_EVERY,
        ):
            done = step.step
            yield step

    def _start(self) -> None:
        """The best of the random latents, and what there is of each layer in the best of them."""
        world, plain, toned = self._kind.world, [], []
        latents = np.random.default_rng(self.recipe.seed).standard_normal(
            [CANDIDATES, world.latent], np.float32
        )
        for some in np.split(latents, CANDIDATES // _TOGETHER):
            canvas = self._kind(some)
            plain.append(self._look(world.paint(canvas.state)))
            toned.append(self._look(canvas.array())[0])
        # to be surpassed are the pictures as they are; the one that climbs is chosen by more than its colours
        scores, energies = (np.concatenate(x) for x in zip(*plain))
        self._before, self._best = float(scores.max()), energies.max(0)
        self.canvas = self._kind(latents[np.concatenate(toned).argmax()][None])

    def report(self) -> dict:
        """What was measured, at the size at which the network was shown the picture."""
        score, _ = self._look(self.canvas.array())
        gains = zip(self._dreamer.objective.layers, self.gains())
        return {
            "generator": self.recipe.generator or "the package's own",
            "backbone": self._dreamer.backbone.name,
            "shown": self._kind.shown,
            "score": round(float(score[0]), 4),
            "best_random_score": round(self._before, 4),
            "gain": {name: round(float(g), 3) for name, g in gains},
            "colours": round(float(self.canvas.given[1]), 3),
        }


def _generator(name: str):
    """A generator, which is loaded once; a file that was trained anew in the meantime is another one."""
    return _loaded(name, Path(name).stat().st_mtime_ns if name else 0)


@lru_cache(maxsize=4)
def _loaded(name: str, stamp: int):
    from deepdream_av.gan import load_generator

    return load_generator(name)


@lru_cache(maxsize=8)
def _meter(listener, objective, count: int, shown: int) -> Callable:
    """Measures that many pictures without jitter: their scores `[count]` and energies `[count, layers]`."""
    import tensorflow as tf

    from deepdream_av.canvases.latent import enlarged

    @tf.function
    def measure(pictures):
        large = enlarged(pictures, shown)
        seen = {name: tf.cast(x, tf.float32) for name, x in listener(large).items()} | {"picture": large}
        # one at a time, as an objective sees a batch as one picture
        scores = [objective({name: x[k : k + 1] for name, x in seen.items()}) for k in range(count)]
        axes = {name: list(range(1, len(x.shape))) for name, x in seen.items()}
        energies = [tf.reduce_mean(tf.square(seen[name]), axes[name]) for name in objective.layers]
        return tf.stack(scores), tf.stack(energies, 1)

    return lambda pictures: tuple(x.numpy() for x in measure(tf.convert_to_tensor(pictures)))


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("latent", argv, _job)


def _job(args, progress, say) -> cli.Result:
    from deepdream_av.media.files import writing
    from deepdream_av.media.image import check_size, write_image

    check_size(args.output, args.recipe.size, args.recipe.size)
    with writing(args.output, force=args.force) as part:
        dream = dream_latent(recipe=args.recipe, progress=progress)
        with finishing():
            write_image(part, dream.array, recipe=args.recipe, kind="latent")
    return cli.Result(args.output, dream.report, interrupted=dream.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
