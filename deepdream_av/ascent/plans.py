"""From the fields of a recipe to the parts of an ascent in pictures."""

from __future__ import annotations

from deepdream_av.ascent.bands import Cascade, Laplacian, LapNorm, Natural
from deepdream_av.ascent.moments import Adam, Momentum
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import InUnits, Mean, Std
from deepdream_av.canvases.kinds import picture_canvas
from deepdream_av.canvases.whole import whole
from deepdream_av.errors import UsageError
from deepdream_av.recipe import Recipe
from deepdream_av.transforms import Jitter
from deepdream_av.transforms.robust import robust

OF_PIXELS = ("laplacian", "lapnorm", "natural", "cascade", "cascade-wide")  # rules that take a gradient for a picture


def rule_of(recipe: Recipe, steps: int):
    """The gradient rule of a recipe.

    Args:
        recipe: `rule`, `rule_floor`, `bands`, `momentum` and `units` count.
        steps: of an octave.

    Raises:
        UsageError: a rule for pixels on another canvas.
    """
    of_pixels = recipe.rule in OF_PIXELS or recipe.bands or recipe.units != "range"
    if recipe.canvas != "pixels" and of_pixels:
        raise UsageError(
            f"`rule` must be one for every canvas, such as std, on the canvas {recipe.canvas!r}, where a gradient "
            f"is no picture. Received: {'bands' if recipe.bands else repr(recipe.rule)}."
        )
    rule = _plain_rule(recipe, steps)
    if recipe.momentum:
        rule = Momentum(recipe.momentum, rule)
    return InUnits(rule) if recipe.units == "imagenet" else rule


def _plain_rule(recipe: Recipe, steps: int):
    floor = {"floor": recipe.rule_floor} if recipe.rule_floor else {}
    if recipe.bands:
        return Laplacian(gains=recipe.bands)
    if recipe.rule == "cascade":
        return Cascade(steps, **floor)
    if recipe.rule == "cascade-wide":
        return Cascade(steps, rise=4.0, begun=0, reach=0, centred=False, doubled=True, **floor)
    if recipe.rule == "limited":
        return Mean(least=recipe.rule_floor)
    if recipe.rule in ("std", "mean", "adam"):
        return {"std": Std, "mean": Mean, "adam": Adam}[recipe.rule](**floor)
    return {"laplacian": Laplacian, "lapnorm": LapNorm, "natural": Natural}[recipe.rule]()


def octaves_of(recipe: Recipe) -> Octaves:
    """The octaves of a recipe."""
    return Octaves(
        recipe.octaves, recipe.octave_scale, above=recipe.octaves_above, rounding=recipe.octave_sizes
    )


def transforms_of(recipe: Recipe) -> tuple:
    """What is done to a picture before a network is shown it."""
    jitter = (Jitter(recipe.jitter),) if recipe.jitter else ()
    return (*robust(recipe.robust), *jitter)


def canvas_of(recipe: Recipe):
    """The class of a recipe's canvas; always the same one, so that what was compiled for it serves again.

    Raises:
        UsageError: whole pictures are to be carried on a canvas that cannot.
    """
    kind = picture_canvas(recipe.canvas, recipe.tone)
    if recipe.carry == "delta":
        return kind
    if recipe.canvas != "pixels" or recipe.tone not in ("clip", "free"):
        raise UsageError(
            "`carry` picture needs the canvas pixels and the tone clip or free. Received: "
            f"{recipe.canvas} and {recipe.tone}."
        )
    return whole(kind, recipe.carry_blend)
