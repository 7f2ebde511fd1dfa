"""Dreams for many visitors: each in its own folder, a few at a time, watched, stopped and bounded in time.

A dream runs in a thread. What it tells (progress, previews, sentences) is picked up by a generator, which is what
Gradio shows; when nobody picks it up any more, or the visitor presses Stop, or the time is over, the dream gets the
`KeyboardInterrupt` that it gets from Ctrl-C on the command line, and keeps what there is.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import sentence
from .limits import Limits

_WAIT = 0.25  # seconds between two looks at a dream that says nothing
_UNSEEN = 45.0  # seconds without a reader after which a dream is given up
_SENT = 600.0  # seconds for which a file that was handed to Gradio is kept
_PREVIEW_EVERY = 0.7  # seconds between two previews
_PREVIEW_SIDE = 640  # pixels of their long side


@dataclass(frozen=True, eq=False)
class Update:
    """What a visitor sees of a dream at one moment.

    Attributes:
        share: of the work that is done, 0 to 1; None while it is not known.
        seconds: since it began.
        stage: what is being done, in words; may be empty.
        preview: file of the newest preview, if there is a new one since the last update.
        notes: sentences that the visitor should know.
        finished: whether this is the last update.
        result: what the work returned, at the end; None if it failed or there is nothing.
        error: a sentence for the visitor if it failed.
        stopped: "" or why it ended early: "stop", "budget", "unseen".
    """

    share: float | None = None
    seconds: float = 0.0
    stage: str = ""
    preview: str | None = None
    notes: tuple[str, ...] = ()
    finished: bool = False
    result: Any = None
    error: str = ""
    stopped: str = ""


class Run:
    """One dream in work: what the work is given to talk through.

    Attributes:
        folder: a folder of its own, which is gone when the visitor has been given the result.
        stage: what is being done, in words; the work may set it.
    """

    def __init__(self, folder: Path, budget: float):
        self.folder, self._budget = folder, budget
        self.stage, self.stopped = "", ""
        self.began = self.seen = time.monotonic()
        self.notes: list[str] = []
        self.outcome: tuple[Any, str] | None = None
        self._share: float | None = None
        self._preview: str | None = None
        self._previews, self._last_preview = 0, 0.0
        self._changed = threading.Condition()

    def progress(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how much is done; the place where a dream is ended."""
        with self._changed:
            self._share = min(done / total, 1.0) if total else None
            self.stage = note or self.stage
            self._changed.notify_all()
        self.check()

    def say(self, text: str) -> None:
        """Tell the visitor a sentence."""
        with self._changed:
            self.notes.append(str(text))
            self._changed.notify_all()

    def preview(self, draw: Callable) -> None:
        """Show what there is: `draw()` gives float `[height, width, 3]` in [0, 1] or uint8; not asked for too often."""
        now = time.monotonic()
        if now - self._last_preview < _PREVIEW_EVERY:
            return
        path = self.folder / f"preview{self._previews}.jpg"
        _write_small(path, draw())
        with self._changed:
            self._previews += 1
            self._preview, self._last_preview = str(path), time.monotonic()
            self._changed.notify_all()

    def stop(self, why: str = "stop") -> None:
        """End the dream soon; what there is is kept."""
        self.stopped = self.stopped or why

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if the dream is to end.

        Raises:
            KeyboardInterrupt: it was stopped, its time is over, or nobody watches it.
        """
        now = time.monotonic()
        if now - self.began > self._budget:
            self.stop("budget")
        elif now - self.seen > _UNSEEN:
            self.stop("unseen")
        if self.stopped:
            raise KeyboardInterrupt

    def end(self, result: Any, error: str) -> None:
        """What came of it."""
        with self._changed:
            self.outcome = (result, error)
            self._changed.notify_all()

    def update(self) -> Update:
        """The next thing to show, after a short wait for news."""
        with self._changed:
            if self.outcome is None:
                self._changed.wait(_WAIT)
            self.seen = time.monotonic()
            preview, self._preview = self._preview, None
            known = (self._share, self.seen - self.began, self.stage, preview, tuple(self.notes))
            if self.outcome is None:
                return Update(*known)
            result, error = self.outcome
            return Update(*known, True, result, error, self.stopped)


class Runs:
    """All dreams of the service.

    Args:
        limits: how many at a time and for how long.
        folder: where files of visitors lie; a new one in the system's temporary folder if None.
    """

    def __init__(self, limits: Limits, folder: Path | None = None):
        self.limits = limits
        self.folder = folder or Path(tempfile.mkdtemp(prefix="deepdream-av-"))
        self._slots = threading.BoundedSemaphore(limits.concurrent)
        self._lock = threading.Lock()
        self._active: dict[tuple[str, str], Run] = {}
        self._waiting: dict[tuple[str, str], bool] = {}  # whether it was stopped while it waited
        if folder is None:
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)

    def asked(self, session: str, place: str) -> None:
        """A visitor asked for a dream; it may have to wait in the queue, where Stop finds it too."""
        with self._lock:
            if (session, place) not in self._active:
                self._waiting[session, place] = False

    def stop(self, session: str, place: str) -> bool:
        """Stop what a visitor's tab is doing; returns whether there was anything."""
        with self._lock:
            run = self._active.get((session, place))
            if run is None and (session, place) in self._waiting:
                self._waiting[session, place] = True
                return True
        if run is not None:
            run.stop()
        return run is not None

    def working(self, session: str, place: str) -> bool:
        """Whether a visitor's tab is doing something, and not waiting to."""
        with self._lock:
            return (session, place) in self._active

    def forget(self, session: str) -> None:
        """A visitor left: stop what still runs for him."""
        with self._lock:
            runs = [run for key, run in self._active.items() if key[0] == session]
            self._waiting = {key: value for key, value in self._waiting.items() if key[0] != session}
        for run in runs:
            run.stop("unseen")

    def watch(self, work: Callable[[Run], Any], *, session: str, place: str) -> Iterator[Update]:
        """Do `work(run)` and yield what is to be shown, until the last update, which holds the result.

        Args:
            work: gets a `Run`, calls its `progress` often, writes into its `folder`, and returns the result. After
                `KeyboardInterrupt` out of `progress` it returns what there is, or lets it through.
            session: whose it is.
            place: name of the tab, which does one thing at a time.
        """
        with self._lock:
            if self._waiting.pop((session, place), False):
                yield Update(finished=True, stopped="stop")
                return
            self._sweep()
            folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
            run = Run(folder, self.limits.budget)
            self._active[session, place] = run
        threading.Thread(target=self._perform, args=(run, work), daemon=True, name="dream").start()
        try:
            while True:
                update = run.update()
                yield update
                if update.finished:
                    return
        finally:
            run.stop("unseen")
            with self._lock:
                if self._active.get((session, place)) is run:
                    del self._active[session, place]
            if run.outcome is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what nobody needs any more: files that were sent, and folders of dreams that ended oddly."""
        now = time.time()
        kept = {run.folder for run in self._active.values()}
        ages = {"sent/*": _SENT, "run-*": 2 * self.limits.budget + _SENT, "cache/*/*": self.limits.keep}
        for pattern, age in ages.items():
            for path in self.folder.glob(pattern):
                with contextlib.suppress(OSError):
                    if path not in kept and now - path.stat().st_mtime > age:
                        shutil.rmtree(path, ignore_errors=True)

    def _perform(self, run: Run, work: Callable) -> None:
        result, error = None, ""
        # a dream whose visitor left may need a moment to end; the next one waits for it here
        with self._slots:
            run.began = time.monotonic()
            try:
                run.check()
                result = work(run)
            except KeyboardInterrupt:
                pass
            except BaseException as problem:
                error = sentence(problem)
        run.end(result, error)
        if time.monotonic() - run.seen > _UNSEEN or run.stopped == "unseen":
            shutil.rmtree(run.folder, ignore_errors=True)


def _write_small(path: Path, picture) -> None:
    """A picture as a small JPEG, complete before it has its name."""
    import cv2
    import numpy as np

    picture = np.asarray(picture)
    if picture.dtype != np.uint8:
        picture = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    scale = min(1.0, _PREVIEW_SIDE / max(picture.shape[:2]))
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    path.write_bytes(cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
