"""Show the web app on this machine: `python -m deepdream_av demo`, then open http://127.0.0.1:7860.

The app is the folder `demo/` beside this package; it needs the extra `demo`.
"""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

from deepdream_av import cli, flags
from deepdream_av.errors import MissingExtraError

_NAME = "deepdream_av_demo"  # not `demo`: a folder of that name may be anybody's


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb; returns the exit code."""
    given = _parser().parse_args(argv)

    def work() -> int:
        return _app().main(host=given.host, port=given.port, browser=given.browser)

    return cli.run(work, verbose=given.verbose)


def _parser():
    made = flags.Parser(
        prog="python -m deepdream_av demo",
        description="Show the web app on this machine until Ctrl-C.",
        epilog="example: python -m deepdream_av demo --browser",
        allow_abbrev=False,
    )
    made.add_argument("--host", metavar="NAME", help="address to listen at (default: this machine alone, 127.0.0.1)")
    made.add_argument("--port", metavar="N", type=int, help="port to listen at [7860]")
    made.add_argument("--browser", action="store_true", help="open it in a browser")
    made.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")
    return made


def _app():
    """The module `app` of the folder `demo`, wherever the package lies.

    Raises:
        MissingExtraError: Gradio is not installed, or the folder is not there.
    """
    folder = Path(__file__).resolve().parents[1] / "demo"
    if util.find_spec("gradio") is None or not (folder / "app.py").is_file():
        raise MissingExtraError(
            "The web app needs Gradio: pip install 'deepdream-av[demo]'. Received: an installation without it."
        )
    if _NAME not in sys.modules:
        spec = util.spec_from_file_location(_NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
        package = util.module_from_spec(spec)
        sys.modules[_NAME] = package
        spec.loader.exec_module(package)
    from importlib import import_module

    return import_module(f"{_NAME}.app")


if __name__ == "__main__":
    raise SystemExit(main())
