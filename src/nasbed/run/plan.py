"""Plan: everything that decides what a store comes to hold, noted in it and held against what comes later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nasbed.core.differences import differences
from nasbed.core.errors import BadSetting
from nasbed.core.store import SALVAGED, Store


def agree(store: Store, plan: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> None:
    """Note the plan in a new store; hold it against the plan of an old one.

    Args:
        store: Where results are kept.
        plan: JSON-able.
        facts: Further notes for a new store; an old one has them, a salvaged one those that were whole.

    Raises:
        BadSetting: When the store was begun with another plan, with every difference, or without any. Of a store that
            was damaged the plan may be lost; it takes this one.
    """
    notes = store.notes()
    there = notes.get("plan")
    here = json.loads(json.dumps(plan))
    if there is None and len(store) and SALVAGED not in notes:
        raise BadSetting("the store has records but no plan; name another store")
    if there is None or SALVAGED in notes:  # some facts may be lost
        for name, fact in (facts or {}).items():
            if name not in notes:
                store.note(name, fact)
    if there is None:
        store.note("plan", here)  # last: where there is a plan there is all of it
        return
    differing = differences(there, here)
    if differing:
        raise BadSetting(
            f"the store was begun with another plan ({'; '.join(differing)}); "
            "go on with the earlier settings, or name another store"
        )
