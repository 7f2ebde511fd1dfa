"""What a visitor is told when something goes wrong: one plain sentence, without paths of the server."""

from __future__ import annotations

import html
import logging
import re

from deepdream_av.errors import DeepDreamError

log = logging.getLogger("deepdream_av.demo")
_FOLDERS = re.compile(r"(?<![\w:/])(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\"<>]+)+[/\\](?=[^/\\'\"]*)")
_MOST = 400  # characters of a message
# what only a command line could do about it
_ADVICE = re.compile(r"\s*(?:`?--[a-z-]+[^.;]*[.;]|It looks like a (film|sound):[^.]*\.[^.]*\.)$")


class Refused(DeepDreamError):
    """Something that a visitor may not or need not ask for."""


def sentence(error: BaseException) -> str:
    """What to tell a visitor of an error, as text.

    >>> from deepdream_av.errors import InputError
    >>> sentence(InputError("Not a picture that can be read: '/tmp/a/b/cat.png'."))
    "Not a picture that can be read: 'cat.png'."
    >>> sentence(ZeroDivisionError("secret"))
    'Something went wrong here that should not have. Please try again, or another file.'
    """
    if isinstance(error, MemoryError):
        return "There is not enough memory for this at the moment. Try a smaller file or a smaller size."
    if not isinstance(error, DeepDreamError):
        log.error("unexpected in a dream", exc_info=error)
        return "Something went wrong here that should not have. Please try again, or another file."
    text = " ".join(str(error).split())
    kind = re.search(r"It looks like a (film|sound):", text)
    text = _ADVICE.sub("", text) if not kind else text[: kind.start()] + f"It looks like a {kind[1]}: use its own tab."
    return _FOLDERS.sub("", text)[:_MOST]


def markup(text: str) -> str:
    """The same for a place that shows HTML.

    >>> markup("<b>.png")
    '&lt;b&gt;.png'
    """
    return html.escape(str(text), quote=True)
