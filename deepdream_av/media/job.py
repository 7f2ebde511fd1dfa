"""A hidden folder beside an output, in which the work on it is kept until it is done.

Whatever ends a run (a power cut, `kill -9`, a full disk), the same command goes on from the last piece that is whole.
Pieces appear under their names when they are complete and not before; what cannot be read is made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deepdream_av.errors import OutputError
from deepdream_av.media.files import FULL, check_output

if TYPE_CHECKING:
    import numpy as np

FORM = 1  # of the folder; another one is not understood
MANIFEST = "manifest.json"
_LOCK = "lock"
# nothing else is ever removed
_OURS = re.compile(r"(manifest\.json|lock|result\.\w+|[a-z]+-\d{5}\.(npz|mkv|json)|[a-z]+\.(npz|json))(\.part)?")
_CHANGED = {
    "source": "the source has changed",
    "recipe": "the recipe has changed",
    "version": "another version of deepdream_av began it",
}


class Job:
    """The work on one output.

    Args:
        output: file that is being made.
        key: what the work depends on, by name (`source`, `recipe`, `version`, ...); if anything of it is another than
            in the last run, the work begins anew.
        force: whether a file that a stopped run left may be replaced by something else than its end.
        say: called with a sentence about what was found.

    Attributes:
        folder: the folder.
        found: whether work of an earlier run is in it.
        notes: JSON values that go on from run to run; see `note`.

    Raises:
        OutputError: another run is working on the same output, or the folder cannot be written.

    >>> import tempfile
    >>> import numpy as np
    >>> job = Job(Path(tempfile.mkdtemp()) / "dream.mp4", key={"source": "a"})
    >>> job.put("piece", x=np.arange(3)); job.get("piece")["x"].tolist(), job.get("other")
    ([0, 1, 2], None)
    >>> job.remove(); job.folder.exists()
    False
    """

    def __init__(self, output, *, key: dict[str, str], force: bool = False, say: Callable | None = None):
        self.output, self.folder, self.notes = Path(output), folder_of(output), {}
        self._key, self._lock = dict(key), None
        with self._told():
            self.folder.mkdir(exist_ok=True)
            self._take()
            self.found = self._goes_on(say or (lambda text: None))
            if not self.found:
                if unfinished(output) and not force:
                    check_output(output)  # the file may only be finished
                self._clear()
                self._write_manifest()

    def _goes_on(self, say) -> bool:
        manifest = _manifest(self.folder)
        if manifest is None:
            if strange := [p.name for p in self.folder.iterdir() if not _OURS.fullmatch(p.name)]:
                raise OutputError(f"The folder '{self.folder}' is needed for work, and holds files that are not: {strange[0]}.")
            return False
        before = manifest.get("key", {})
        if manifest.get("form") != FORM:
            before = {**before, "version": ""}
        changed = [name for name in {**before, **self._key} if before.get(name) != self._key.get(name)]
        if not changed:
            self.notes = manifest.get("notes", {})
            return True
        why = next((_CHANGED[name] for name in _CHANGED if name in changed), "its settings have changed")
        say(f"The kept work on {self.output.name} is not used, because {why}: it begins anew.")
        return False

    @property
    def empty(self) -> bool:
        """Whether nothing is kept that could be gone on from."""
        return not any(re.fullmatch(r".*-\d{5}\.(npz|json)", path.name) for path in self.folder.glob("*"))

    def note(self, **values) -> None:
        """Keep JSON values in the manifest."""
        self.notes |= values
        with self._told():
            self._write_manifest()

    def _write_manifest(self) -> None:
        manifest = {"form": FORM, "output": self.output.name, "key": self._key, "notes": self.notes}
        self.write(MANIFEST, lambda part: part.write_text(json.dumps(manifest, indent=1), "utf-8"))

    def write(self, name: str, work: Callable[[Path], object]) -> None:
        """Let `work(path)` write a file that takes its name when it is whole, and is then on the disk.

        Raises:
            OutputError: the disk is full, or the folder cannot be written.
        """
        part = self.folder / f"{name}.part"
        with self._told():
            work(part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, self.folder / name)

    def put(self, name: str, **arrays) -> None:
        """Keep arrays."""
        import numpy as np

        def save(part):
            with part.open("wb") as file:
                np.savez(file, **arrays)

        self.write(f"{name}.npz", save)

    def get(self, name: str) -> dict[str, np.ndarray] | None:
        """Arrays that were kept, bit by bit; None if there are none, or they are damaged."""
        import zipfile

        import numpy as np

        try:
            with np.load(self.folder / f"{name}.npz", allow_pickle=False) as kept:
                return {key: kept[key] for key in kept.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def drop(self, *names: str) -> None:
        """Remove files of the folder."""
        for name in names:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()

    def release(self) -> None:
        """Let go of the folder; what is in it stays."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """The work is done: remove the folder."""
        with contextlib.suppress(OSError):
            self._clear(all_of_it=True)
            self.release()
            self.folder.rmdir()
        self.release()

    def stopped(self) -> None:
        """Remember the output as it is now as one that is not finished; see `unfinished`."""
        with contextlib.suppress(OSError):
            self.note(stopped=_look(self.output))

    def _clear(self, *, all_of_it: bool = False) -> None:
        for path in self.folder.iterdir():
            if _OURS.fullmatch(path.name) and (all_of_it or path.name != _LOCK):
                path.unlink()

    def _take(self) -> None:
        try:
            import fcntl
        except ImportError:  # not on this system: then nobody watches
            return
        file = (self.folder / _LOCK).open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise OutputError(f"Another run is making the same file. Received: '{self.output}'.") from None
        except OSError:  # a file system that cannot lock
            pass
        self._lock = file

    @contextlib.contextmanager
    def _told(self):
        try:
            yield
        except OSError as error:
            raise refused(error, self.output) from None


def refused(error: Exception, output) -> OutputError:
    """What to say when work cannot be kept."""
    if getattr(error, "errno", None) in FULL:
        return OutputError(
            f"The disk is full, and '{Path(output).name}' is not finished. What is done is kept: "
            "make room, and give the same command again."
        )
    return OutputError(f"The work on '{output}' cannot be kept: {getattr(error, 'strerror', None) or error}.")


def folder_of(output) -> Path:
    """Where the work on an output is kept: `dream.mp4` in `.dream.mp4.job`."""
    output = Path(output).resolve()
    return output.with_name(f".{output.name}.job")


def unfinished(output) -> bool:
    """Whether an output is what a stopped run left, unchanged since, and will be finished by the same command."""
    try:
        manifest = _manifest(folder_of(output))
        return bool(manifest) and manifest.get("notes", {}).get("stopped") == _look(output)
    except OSError:
        return False


def _look(path) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


def _manifest(folder: Path) -> dict | None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None
