"""The frames of a film on their way to the dream: read, made small, and followed from one to the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from deepdream_av.interrupts import finishing
from deepdream_av.temporal.flow import FlowEstimator, Motion, resized
from deepdream_av.temporal.shots import CutDetector

_DEPTH = 6  # frames that may wait between two threads
_FLOW_SIZE = 640  # long side at which motion is followed, in pixels


@dataclass(frozen=True, eq=False)
class Seen:
    """A frame and how it follows the last one.

    Attributes:
        frame: the frame as it was read (`media.video.Frame`).
        small: float32 `[height, width, 3]` in [0, 1], at the size at which it is dreamt.
        motion: from the last frame; None where a shot begins, and in frames that are known.
        begins: whether a shot begins with it.
    """

    frame: object
    small: np.ndarray
    motion: Motion | None
    begins: bool


def watch(frames: Iterable, size: tuple[int, int], *, known: int = 0) -> Iterator[Seen]:
    """Give every frame its small picture and its motion.

    Args:
        frames: objects with `array` (uint8 `[height, width, 3]`) and `time` (seconds).
        size: (width, height) of the small pictures.
        known: the first so many frames are dreamt already, and their motion is not asked for.
    """
    flow, cuts, before = FlowEstimator("medium"), CutDetector(), None
    for number, frame in enumerate(frames):
        small = _scaled(frame.array, size)
        # motion is followed a little finer than dreams are made: what is off by a tenth of a pixel flickers
        height, width = frame.array.shape[:2]
        scale = min(1.0, max(_FLOW_SIZE, *size) / max(width, height))
        fine = (
            small
            if scale * width <= size[0]
            else _scaled(frame.array, (max(1, round(width * scale)), max(1, round(height * scale))))
        )
        cut = cuts(small, time=frame.time)
        motion = None if cut or number < known else resized(flow(fine, before), size)
        yield Seen(frame, small, motion, cut)
        before = fine


def _scaled(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    if array.shape[1::-1] != size:
        array = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    return array.astype(np.float32) / 255


class Background:
    """Runs an iterator in a thread of its own, a few items ahead of who reads it.

    >>> with Background(iter(range(3))) as items:
    ...     list(items)
    [0, 1, 2]
    """

    def __init__(self, items: Iterator, *, depth: int = _DEPTH):
        self._queue: queue.Queue = queue.Queue(depth)
        self._stop = threading.Event()
        self._items = items
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Background:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        with finishing():
            self._thread.join()

    def __iter__(self) -> Iterator:
        while True:
            kind, item = self._queue.get()
            if kind == "item":
                yield item
            elif kind == "end":
                return
            else:
                raise item

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(("item", item)):
                    return
            self._put(("end", None))
        except BaseException as error:  # it belongs to the thread that reads
            self._put(("error", error))

    def _put(self, entry) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(entry, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False


class Sink:
    """Calls a function in a thread of its own for every item it is given, in order.

    What goes wrong there is raised at the next `put`, or on leaving.
    """

    def __init__(self, work, *, depth: int = _DEPTH):
        self._queue: queue.Queue = queue.Queue(depth)
        self._work, self._error = work, None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sink:
        self._thread.start()
        return self

    def __exit__(self, kind, *_) -> None:
        with finishing():
            self._queue.put(None)
            self._thread.join()
        if self._error is not None and kind is None:
            raise self._error

    def put(self, item) -> None:
        if self._error is not None:
            raise self._error
        self._queue.put(item)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._work(item)
                except BaseException as error:
                    self._error = error
