"""Scoring: several proxies of one probe, which share what they read."""

from __future__ import annotations

from collections.abc import Iterable

from nasbed.core.errors import BadSetting
from nasbed.core.proxy import Proxy
from nasbed.core.registry import proxies as registered
from nasbed.proxies.probe import Probe


def score(probe: Probe, proxies: Iterable[str | Proxy]) -> dict[str, float]:
    """Score a network by several proxies, making the passes that more than one of them reads once.

    Each score is the same, to the last bit, as when the proxy is called alone.

    Args:
        probe: The network with its batch; left as found.
        proxies: Registered names, or proxies with settings of their own.

    Returns:
        The scores by ``Proxy.label`` in the order that was asked for: a name such as ``snip``, with the settings that
        are not the usual ones.

    Raises:
        UnknownName: When a name is not registered.
        BadSetting: When a proxy is asked for twice, or needs labels that the probe lacks.
    """
    shared, scores = probe.sharing(), dict[str, float]()
    for proxy in proxies:
        made = registered.make(proxy, {}) if isinstance(proxy, str) else proxy
        if made.label in scores:
            raise BadSetting(f"{made.label} is asked for twice; ask for each proxy once")
        scores[made.label] = made(shared)
    return scores
