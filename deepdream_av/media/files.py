"""Reading and writing files so that nothing is lost: checks first, whole files or none.

A result is written beside its place under a hidden temporary name and renamed when it is complete, so
that a crash, a full disk or a power cut never leaves half a film under the name that was asked for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from deepdream_av.errors import InputError, OutputError, UsageError

# a disk that fills up shows itself by any of these, depending on the file system
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_source(path: str | os.PathLike) -> Path:
    """`path`, if it is a file that can be read and is not empty.

    Cheap, so that a wrong name is told at once and not after a network has been loaded.

    Raises:
        InputError: missing, a folder, not a regular file, unreadable or empty.
    """
    path = _as_path(path, "source")
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"The source must be a file. Received a folder: '{path}'.")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"The source must be a regular file. Received a device or pipe: '{path}'.")
        if status.st_size == 0:
            raise InputError(f"The source is empty (0 bytes): '{path}'.")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise InputError(f"The source does not exist: '{path}'.{_neighbour(path)}") from None
    except OSError as error:
        raise InputError(f"The source cannot be read: '{path}' ({_reason(error)}).") from None
    return path


def check_output(path: str | os.PathLike, *, force: bool = False, source=None) -> Path:
    """The real place to which a result for `path` goes, if it may be written there.

    Symbolic links are followed, so that a link stays a link and its target gets the result.

    Args:
        path: name asked for.
        force: whether an existing file may be replaced.
        source: file being dreamt, which is never replaced (its links are recognised), or None.

    Raises:
        OutputError: the folder is missing or closed, the file exists, or it is the source.
    """
    path = _as_path(path, "output")
    try:
        target = path.resolve()
        status = target.stat() if target.exists() else None
        folder_exists = target.parent.is_dir()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise OutputError(f"The output cannot be written: '{path}' ({_reason(error)}).") from None
    if not folder_exists:
        raise OutputError(f"The output's folder does not exist: '{path.parent}'.")
    if status is not None:
        _check_existing(path, target, status, force, source)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"The output cannot be written: no permission in the folder '{path.parent}'.")
    return target


def _check_existing(path, target, status, force, source):
    """What stands at the output's place may be replaced, or an `OutputError` says why not."""
    if stat.S_ISDIR(status.st_mode):
        raise OutputError(f"The output must be a file. Received a folder: '{path}'.")
    if not stat.S_ISREG(status.st_mode):
        # renaming over /dev/null or a pipe would replace the device itself
        raise OutputError(f"The output must be a regular file. Received a device or pipe: '{path}'.")
    with contextlib.suppress(OSError):
        if source is not None and os.path.samefile(target, source):
            raise OutputError(f"The output must differ from the source. Received the same file: '{path}'.")
    if not force:
        raise OutputError(
            f"The output exists already: '{path}'. Choose another name, or --force to replace it."
        )


@contextlib.contextmanager
def writing(path: str | os.PathLike, *, force: bool = False, source=None, part: Path | None = None) -> Iterator[Path]:
    """Give a temporary path to write to; on leaving, the complete file takes the name `path`.

    If the body raises, the temporary file is removed and `path` is as it was.

    Args:
        path: final name.
        force: whether an existing file may be replaced.
        source: file being dreamt, which is never replaced, or None.
        part: the temporary path, on the same disk; None for a new one.

    Yields:
        A hidden `Path` in the same folder with the same suffix.

    Raises:
        OutputError: see `check_output`; or the disk is full.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with writing(folder / "note.txt") as part:
    ...     _ = part.write_text("done")
    >>> [p.name for p in folder.iterdir()]
    ['note.txt']
    """
    target = check_output(path, force=force, source=source)
    given, part = part, part or target.with_name(f".deepdream-{secrets.token_hex(6)}.part{target.suffix}")
    try:
        if given is not None:
            given.unlink(missing_ok=True)
        # 0o666 and the user's umask, as for any other new file; O_EXCL as strangers may share the folder
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise OutputError(f"The output cannot be written: '{path}' ({_reason(error)}).") from None
    try:
        yield part
        _publish(part, target, path, force=force, source=source)
    except Exception as error:
        full = getattr(error, "errno", None) in FULL
        if full:
            raise OutputError(f"The disk is full: '{path}' was not written.") from None
        if isinstance(error, OutputError) and part.name in str(error):
            # a writer knows only the hidden name, which means nothing to the user
            raise OutputError(
                str(error).replace(str(part), str(path)).replace(part.name, Path(path).name)
            ) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def _publish(part: Path, target: Path, path, *, force: bool, source):
    """Rename the finished `part` to `target`."""
    # the checks again: hours may have passed, and the file may be there by now
    check_output(path, force=force, source=source)
    with part.open("rb+") as file:
        os.fsync(file.fileno())  # a disk that is full may say so only here
    with contextlib.suppress(OSError):
        os.chmod(part, stat.S_IMODE(target.stat().st_mode))
    try:
        os.replace(part, target)
    except OSError as error:
        raise OutputError(f"The output cannot be written: '{path}' ({_reason(error)}).") from None


def _as_path(path, role: str) -> Path:
    """`path` as a `Path`; names that no file system accepts are refused here."""
    text = os.fspath(path)
    if not text or "\0" in text:
        raise UsageError(f"`{role}` must be the name of a file. Received: {text!r}.")
    if text == "-":
        raise UsageError(f"`{role}` must be the name of a file; '-' (a pipe) cannot be sought in.")
    return Path(text)


def _reason(error: BaseException) -> str:
    """What the system said, in few words."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _neighbour(path: Path) -> str:
    """A hint at the file in the same folder whose name is closest."""
    import difflib

    with contextlib.suppress(OSError):
        names = [entry.name for entry in os.scandir(path.parent)][:2000]
        close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.8)
        return f" Did you mean '{path.with_name(close[0])}'?" if close else ""
    return ""


def with_mask(name: str) -> tuple[str, str]:
    """A file and the mask behind it: `painting.jpg@mask.png` is two files, unless there is one of that name.

    >>> with_mask("painting.jpg@mask.png"), with_mask("painting.jpg")
    (('painting.jpg', 'mask.png'), ('painting.jpg', ''))
    """
    file, mark, mask = name.rpartition("@")
    if not mark or not file or Path(name).is_file():
        return name, ""
    return file, mask
