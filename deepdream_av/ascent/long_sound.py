"""The whole way of a sound through its dream: chunks, channels, level; in memory independent of its length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import signal

from deepdream_av.ascent.chunks import Chunks
from deepdream_av.interrupts import finishing
from deepdream_av.media.loudness import LoudnessMeter, limited_blocks, matching_gain
from deepdream_av.media.sample_store import SampleStore
from deepdream_av.recipe import Recipe

EAR_RATE = 22050
SILENT = 1e-5  # peak under which there is nothing to dream in: one step of 16 bits is three times this
STRIDE, FADE, GUARD = 30, 3, 2  # whole seconds, so that chunks begin on a sample at every rate
SHORTEST = 0.4  # seconds that the ear must hear
FEW_SECONDS = 10  # stride of a chunk where a second has more values than
MANY_VALUES = 400_000


@dataclass(frozen=True)
class _Told:
    """What is known of a chunk that was dreamt in an earlier run."""

    scores: list[float]
    change_db: float


class LongSound:
    """A sound in a store, and the store its dream is written to.

    Args:
        source: the sound.
        rate: samples per second.
        recipe: how to dream.
        layout: FFmpeg's name of the channel layout.
        ceiling_db: highest true peak of the result in dBTP.
        styler: called for one that gives each chunk a style, see `sound_style.SoundStyler`; else it is dreamt.
        couple: called with the `SoundDreamer` before it begins, to let pictures drive it.
        kept: has `get(name)` and `put(name, **arrays)`, where finished chunks of an earlier run are, see `media.job`.
        origin: time of the first sample in seconds; before 0 lies what is there for its context only.
        dreamer: a `SoundDreamer` of this recipe, if there is one already.

    Attributes:
        dreamer: who dreamt; None before.
        undreamt: whether the sound was kept as it is.
    """

    def __init__(
        self,
        source: SampleStore,
        rate: int,
        *,
        recipe: Recipe,
        layout: str = "",
        ceiling_db: float = -1.0,
        styler: Callable | None = None,
        couple: Callable | None = None,
        kept=None,
        origin: float = 0.0,
        dreamer=None,
    ):
        self._styler, self._couple, self._kept = styler, couple, kept
        self._origin, self.dreamer = origin, dreamer
        self.source, self.rate, self.recipe = source, rate, recipe
        self.layout, self.ceiling_db = layout, ceiling_db
        self.interrupted = False
        self.report: dict = {"notes": []}
        self._dream = SampleStore(source.channels)
        self._gain = 1.0
        self.undreamt = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self._dream.close()

    def run(self, progress: Callable | None = None):
        """Dream the whole sound; afterwards `blocks()` gives the result and `report` the figures.

        On Ctrl-C the chunk in work is finished as it is, and the result ends there.
        """
        loudness, peak, self._downmix = self._measured()
        self.report["source_lufs"] = loudness if np.isfinite(loudness) else None
        reason = "the sound is silent" if peak < SILENT else self._not_wanted()
        if reason:
            self.undreamt = True
            self.report["notes"].append(f"{reason}: it is kept as it is")
            return
        if len(self.source) < SHORTEST * self.rate:
            self.report["notes"].append(f"the sound is shorter than {SHORTEST} s: it is heard with silence after it")
        self._dream_chunks(progress)
        if not np.isfinite(loudness):
            return
        with finishing():
            self._gain = matching_gain(
                self._dream.blocks,
                self.rate,
                target_lufs=loudness,
                layout=self.layout,
                channels=self.source.channels,
                ceiling_db=self.ceiling_db,
            )

    def blocks(self) -> Iterator[np.ndarray]:
        """The result in order, float32 `[samples, channels]`, levelled and under the ceiling."""
        if self.undreamt:
            yield from self.source.blocks()
            return
        yield from limited_blocks(
            self._dream.blocks(), self.rate, gain=self._gain, ceiling_db=self.ceiling_db
        )

    def _not_wanted(self) -> str:
        if self._styler:
            return "" if self.recipe.strength else "the wanted strength is 0"
        if self.recipe.sound == "off":
            return "the recipe leaves the sound alone"
        if self._new:
            return "" if self.recipe.strength else "the wanted strength is 0"
        return (
            ""
            if self.recipe.sound_change * self.recipe.strength > 0
            else "the wanted change of the sound is 0 dB"
        )

    def _measured(self):
        """Loudness and peak of the source, and the weights with which its channels are mixed for the ear."""
        channels = self.source.channels
        meter = LoudnessMeter(self.rate, channels=channels, layout=self.layout)
        peak, covariance = 0.0, np.zeros([channels, channels])
        for block in self.source.blocks():
            meter.push(block)
            peak = max(peak, float(np.abs(block).max(initial=0)))
            covariance += block.T.astype(np.float64) @ block
        return meter.integrated(), peak, downmix(covariance)

    def _dream_chunks(self, progress):
        dreamer = self.dreamer = self.dreamer or self._made()
        if self._couple:
            self._couple(dreamer)
        few = self._styler or self.rate * self.source.channels > MANY_VALUES
        chunks = Chunks(
            stride=(FEW_SECONDS if few else STRIDE) * self.rate,
            fade=FADE * self.rate,
            guard=GUARD * self.rate,
            alike=not self._new,
        )
        done = []

        def work(samples, index, count):
            first, last = spans[index]
            before, kept = first / self.rate, (last - first) / self.rate

            def on_step(share):
                # the guard and the fade of a chunk are dreamt too, and do not count
                progress(round(min(before + share * kept, total), 1), total)

            start = self._origin + max(first - chunks.guard, 0) / self.rate
            piece = self._kept_or_dreamt(f"sound-{index:05d}", samples, dreamer, on_step if progress else None, start)
            done.append((len(samples), piece[1]))
            return piece[0]

        total = round(len(self.source) / self.rate, 1)
        spans = chunks.spans(len(self.source))
        try:
            for block in chunks.joined(self.source.read, work, len(self.source)):
                self._dream.append(block)
                if self.interrupted:
                    break
        except KeyboardInterrupt:  # outside of an ascent: the chunks before this one are whole
            if not len(self._dream):
                raise
            self.interrupted = True
        if progress:
            progress(total, total)
        self._summarise(done, dreamer)

    @property
    def _new(self) -> bool:
        """Whether chunks are made of noise, so that two of them have nothing to do with each other."""
        return self.recipe.sound == "noise" and not self._styler

    def _made(self):
        """Who dreams."""
        if self._styler:
            return self._styler()
        if self._new:
            from deepdream_av.ascent.imagined import Imagining

            return Imagining(self.recipe)
        from deepdream_av.ascent.sound import SoundDreamer

        return SoundDreamer(self.recipe)

    def _kept_or_dreamt(self, name, samples, dreamer, on_step, start):
        """One chunk, out of the kept ones if it is there."""
        if self._kept is None:
            return self._one(samples, dreamer, on_step, start)
        kept = self._kept.get(name)
        if kept is not None and kept["samples"].shape == samples.shape:
            return kept["samples"], _Told(kept["scores"].tolist(), float(kept["change_db"]))
        result, dreamt = self._one(samples, dreamer, on_step, start)
        if not dreamt.interrupted:
            self._kept.put(name, samples=result, scores=np.array(dreamt.scores), change_db=np.array(dreamt.change_db))
        return result, dreamt

    def _one(self, samples, dreamer, on_step, start):
        """One chunk: mixed to one channel for the ear, dreamt, and given back to all channels."""
        from deepdream_av.spectral.linked import linked, placed

        middle = samples @ self._downmix
        heard = resampled(middle, self.rate, EAR_RATE)
        dreamt = dreamer(heard, on_step=on_step, start=start)
        self.interrupted |= dreamt.interrupted
        if not dreamt.scores:
            return samples, dreamt
        # only the difference passes the resampler, so that what is not dreamt is not touched
        delta = resampled(dreamt.samples - heard, EAR_RATE, self.rate)
        delta = np.pad(delta, (0, max(len(middle) - len(delta), 0)))[: len(middle)]
        give = placed if self._styler or self._new else linked
        return give(samples, middle, middle + delta, self.rate), dreamt

    def _summarise(self, done, dreamer):
        heard = [(n, d) for n, d in done if d.scores]
        if not heard:
            self.report["notes"].append("nothing of the sound lies in what may be dreamt: it is kept as it is")
            return
        weights = np.array([n for n, _ in heard], float)
        if self._styler:
            self.report |= dreamer.told() | {"steps": max(len(d.scores) for _, d in heard), "chunks": len(done)}
            return
        self.report |= {
            "ear_layers": [list(pair) for pair in dreamer.asked.layers],
            "ear_classes": [list(pair) for pair in dreamer.asked.classes],
            "change_db": float(np.sqrt(np.average([d.change_db**2 for _, d in heard], weights=weights))),
            # scores are logarithms of energies
            "score_gain": float(
                np.exp(np.average([d.scores[-1] - d.scores[0] for _, d in heard], weights=weights))
            ),
            "steps": max(len(d.scores) for _, d in heard),
            "chunks": len(done),
        }


def downmix(covariance: np.ndarray) -> np.ndarray:
    """Weights of the channels for the ear: their mean, or where that all but cancels, their main direction.

    Args:
        covariance: `[channels, channels]`.

    Returns:
        float32 `[channels]`.
    """
    channels = len(covariance)
    mean = np.full(channels, 1.0 / channels)
    if mean @ covariance @ mean > 0.02 * np.trace(covariance) / channels:
        return mean.astype(np.float32)
    main = np.linalg.eigh(covariance)[1][:, -1]
    return (main / np.abs(main).sum()).astype(np.float32)


def resampled(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Mono samples at another rate; sample 0 stays where it is."""
    if rate == to:
        return samples
    common = np.gcd(rate, to)
    return signal.resample_poly(samples, to // common, rate // common).astype(np.float32)
