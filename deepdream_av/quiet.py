"""TensorFlow's start-up talk is not the user's: what its C++ code says while it is imported is dropped.

`TF_CPP_MIN_LOG_LEVEL` is not enough, since TensorFlow 2.20 speaks before it reads that.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Iterator


def hush_tensorflow() -> None:
    """From now on `import tensorflow`, wherever it happens first, says nothing on stderr."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Within, what C code writes to stderr is lost; Python's own errors are raised as ever."""
    try:
        stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is no stderr to hush
        yield
        return
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as everybody does, and wraps its loader."""

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        with hushed():
            self._loader.exec_module(module)
            module.config.list_physical_devices()  # drivers that are not there are named here

    def __getattr__(self, name):
        return getattr(self._loader, name)
