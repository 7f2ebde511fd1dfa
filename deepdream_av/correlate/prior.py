"""What usually belongs together, fitted once on clips (`python -m training.pairs`) and shipped."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from deepdream_av.correlate.filter_pair import FilterPair, pairs_from_json


@lru_cache(maxsize=1)
def shipped_prior() -> tuple[FilterPair, ...]:
    """Pairs of `earnet` and `dreamnet` with source `prior`; for `find_pairs(..., prior=shipped_prior())`.

    With other networks they have no effect, as none of their channels is there.
    """
    file = resources.files("deepdream_av") / "correlate" / "prior.json"
    return pairs_from_json(file.read_text("utf-8")) if file.is_file() else ()
