"""The verbs of the command line, and which fields of a recipe mean something to each."""

from __future__ import annotations

from dataclasses import dataclass

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a")
FILMS = (".mp4", ".mkv", ".webm", ".mov", ".m4v")

_ALWAYS = frozenset({"look", "seed", "strength", "speed"})
_NETWORK = frozenset({"backbone", "weights", "layers", "classes", "work_size"})
_WISHES = frozenset({"contrast", "guides", "guide_match", "terms", "penalties"})
_PICTURE = frozenset({"bands", "canvas", "anchor", "colour"})
_EAR = frozenset({"ear", "ear_layers", "ear_classes", "sound", "sound_change", "times", "band", "keep"})
_PART = frozenset({"start", "duration"})
_LOOP = frozenset({"rounds", "stretch"})
_STYLE = frozenset({"styles", "style_loss", "style_scale", "style_steps", "content_weight"})
_COUPLING = frozenset({"coupling", "coupling_strength", "mixer", "pairs"})
_ZOOM = frozenset({"seconds", "fps", "zoom", "rotate", "translate", "loop", "audio"})


@dataclass(frozen=True)
class Verb:
    """What the command line must know of a verb before its work begins.

    Attributes:
        about: one sentence.
        suffixes: what it can write; the first is the default.
        fields: of the recipe that mean something to it, beside those that always do.
        example: arguments of a useful call.
        needs_source: whether it can do nothing without a file.
        source: help for SOURCE; empty: there is none.
    """

    about: str
    suffixes: tuple[str, ...]
    fields: frozenset[str]
    example: str
    needs_source: bool = True
    source: str = "file to dream"

    def has(self, field: str) -> bool:
        """Whether a field of the recipe means something to this verb."""
        return field in _ALWAYS or field in self.fields


VERBS = {
    "image": Verb(
        "Dream in a picture. Without SOURCE, on a canvas of another form than pixels: from noise.",
        PICTURES,
        _NETWORK | _WISHES | _PICTURE | {"mask", "size", "spectrum"},
        "photo.jpg -o dream.png --look creatures",
    ),
    "audio": Verb(
        "Dream in a sound. Without SOURCE, with --sound noise: out of nothing.",
        SOUNDS,
        _EAR | _PART | _LOOP | {"guides", "guide_match", "seconds"},
        "song.wav -o dream.wav --strength 1.5",
    ),
    "video": Verb(
        "Dream in the pictures and in the sound of a film. Without SOURCE: in a built-in example.",
        FILMS,
        _NETWORK | _WISHES | _PICTURE | _EAR | _PART | _STYLE | _COUPLING | {"mask", "cadence", "keyframes"},
        "film.mp4 -o dream.mp4 --look eyes",
        needs_source=False,
    ),
    "latent": Verb(
        "Dream in the world of a generator: the picture, of all that it can paint, that a network wants most.",
        PICTURES,
        _NETWORK | _WISHES | {"generator", "latent_steps", "size"},
        "-o dream.png --generator ornaments.generator.keras --seed 3",
        needs_source=False,
        source="",
    ),
    "walk": Verb(
        "Walk through the world of a generator to a sound, as a looped film. Without SOUND: to built-in music.",
        FILMS,
        _PART | {"coupling", "coupling_strength", "generator", "size"},
        "song.wav -o walk.mp4 --generator ornaments.generator.keras",
        needs_source=False,
        source="sound to walk to",
    ),
    "style": Verb(
        "Paint a picture in the style of others, or give a sound the style of other sounds.",
        PICTURES + SOUNDS,
        _NETWORK | _STYLE | _PART | _LOOP | {"optimizer", "stylizer", "penalties", "colour", "rhythm", "ear"},
        "photo.jpg --style painting.jpg --style other.jpg:0.3 -o out.png",
        source="picture to paint, or sound",
    ),
    "zoom": Verb(
        "Zoom into a picture that is dreamt on and on, as a film that is a loop.",
        FILMS,
        _NETWORK | _WISHES | _PICTURE | _ZOOM | {"coupling", "coupling_strength"},
        "photo.jpg -o zoom.mp4 --seconds 10 --zoom 1.04 --rotate 1.5",
        source="picture to zoom into",
    ),
}
