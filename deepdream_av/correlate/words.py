"""Numbers and names of a correlation report in words."""

from __future__ import annotations

_LAYERS = {
    "stride2": "edges",
    "stride4": "textures",
    "stride8": "motifs",
    "stride16": "parts of things",
    "stride32": "things",
    "motifs": "motifs",
    "pitch": "single pitches",
    "block1": "bands of sound",
    "block2": "bands of sound",
    "block3": "timbres",
    "block4": "timbres",
    "embedding": "kinds of sound",
}


def number(value: float | None) -> str:
    """A correlation in two digits.

    >>> number(0.713), number(-0.2), number(None)
    ('0.71', '\u22120.20', '\u2013')
    """
    return "\u2013" if value is None else f"{value:.2f}".replace("-", "\u2212")


def odds_words(p: float | None) -> str:
    """A p value.

    >>> odds_words(0.034), odds_words(0.0004), odds_words(1.0)
    ('p = 0.034', 'p < 0.001', 'p = 1')
    """
    if p is None:
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}".rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """A moment of a film.

    >>> seconds(3.04), seconds(75.5)
    ('3.0 s', '1:15.5')
    """
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)}:{value % 60:04.1f}"


def lag_words(lag: float) -> str:
    """Which of both comes first.

    >>> lag_words(0.04)
    'the picture follows the sound by 40 ms'
    """
    if abs(lag) < 0.005:
        return "sound and picture come together"
    first, second = ("picture", "sound") if lag > 0 else ("sound", "picture")
    return f"the {first} follows the {second} by {abs(1000 * lag):.0f} ms"


def channel_words(name: str) -> str:
    """What is known of a channel's layer.

    >>> channel_words("block4#7+"), channel_words("stride8#12")
    ('timbres, as they begin', 'motifs')
    """
    known = _LAYERS.get(name.partition("#")[0], "")
    return ", ".join(x for x in (known, "as they begin" if name.endswith("+") else "") if x)


def in_words(found: dict) -> str:
    """What the report found, for somebody who knows nothing of it."""
    heard = (
        "A network that listens and one that looks went through this film side by side. Each has hundreds of channels, "
        "and each channel answers to something of its own: a pitch, a beginning, a texture, an eye. "
    )
    if not found["pairs"]:
        drives = (
            "No set of channels that hear rises together with a set that see more firmly than when the sound is moved "
            "out of place, so that none was dreamt with. Loudness, onsets, brightness and bass of the sound "
            "still drive the picture."
        )
        return heard + (drives if found["search"] else drives.partition(". ")[2])
    does = {
        "pairs": "Where the sound does what the heard side of a pair answers to, the picture dreams what its seen side "
        "likes, and where the picture shows that, it is dreamt into the sound. ",
        "joint": "Where the sound does what the heard side of a pair answers to, the picture dreams what its seen side "
        "likes, as much as is heard and no more; and where the picture shows that, it is dreamt into the sound. ",
    }.get(found["mode"], "")
    return heard + does + _judges_in_words(found["judged"])


def _judges_in_words(judged: dict | None) -> str:
    if not judged:
        return ""
    reading, what = (judged["picture"], "can tell from the picture what is heard") if judged["picture"] else (
        judged["together"],
        "find what rises in both",
    )
    before, after = number(reading["before"]), number(reading["after"])
    numbers = f"(correlation {before} before the dream, {after} after it, {odds_words(reading['p_after'])})"
    if reading["rise"] > 0 and reading["p_rise"] < 0.05 and reading["p_after"] < 0.05:
        return f"Networks that had no part in the dream {what} better than before {numbers}."
    if reading["p_after"] < 0.05:
        return f"Networks that had no part in the dream {what} {numbers}, but not surely better than before."
    return f"Networks that had no part in the dream do not confirm it {numbers}: what they see could be chance."
