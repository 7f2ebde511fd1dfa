"""`python -m deepdream_av VERB ...`: the one command in front of all verbs."""

from __future__ import annotations

import sys

VERBS = {
    "image": "dream in a picture",
    "audio": "dream in a sound",
    "video": "dream in the pictures and the sound of a film",
    "style": "paint a picture in the style of others",
    "latent": "dream in the world of a generator",
    "walk": "walk through the world of a generator to a sound",
    "zoom": "zoom into a dream without end, as a looped film",
    "explore": "look into a network or a dream: layers, channels, an atlas, all looks, a report",
    "demo": "show the web app on this machine",
    "replay": "make a dream again from the recipe inside it",
}

USAGE = f"""usage: deepdream-av VERB ...

Deep Dreams for pictures, sound and film.

verbs:
{chr(10).join(f"  {name:8}{about}" for name, about in VERBS.items())}

examples:
  deepdream-av video film.mp4 -o dream.mp4
  deepdream-av image photo.jpg -o dream.png --look creatures
  deepdream-av replay dream.mp4

`deepdream-av VERB --help` shows the flags of a verb.
"""


def main(argv: list[str] | None = None) -> int:
    """Hand the command line on to the verb that it names; returns the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    verb = argv[0] if argv else ""
    if verb in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if verb == "--version":
        from deepdream_av import __version__

        print(f"deepdream_av {__version__}")
        return 0
    if verb not in VERBS:
        from deepdream_av.errors import unknown_name

        line = (
            unknown_name("verb", verb, VERBS)
            if verb
            else f"`verb` must be one of {', '.join(VERBS)}. Received: nothing."
        )
        print(f"deepdream_av: {line}", file=sys.stderr)
        return 2
    from importlib import import_module

    return import_module(f"deepdream_av.{verb}").main(argv[1:])


if __name__ == "__main__":
    sys.exit(main())
