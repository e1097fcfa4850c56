"""Every registered proxy keeps the laws of its noun, with other settings, too."""

import pytest

from nasbed.core import registry
from nasbed.testing import DoesNotApply, proxy_laws

OTHERS = [
    ("naswot", {"variant": "notebook"}),
    ("naswot", {"variant": "evaluation"}),
    ("grad_norm", {"of": "network"}),
    ("l2_norm", {"of": "network"}),
    ("fisher", {"per": "channel"}),
    ("grasp", {"temperature": 200.0}),
    ("synflow", {"log": False, "normalise": True}),
    ("flops", {"counting": "naslib"}),
]

ALL = [
    registry.proxies.make(name, settings) for name, settings in [*((name, {}) for name in registry.proxies), *OTHERS]
]


AT_ONCE = ("a_score_is_a_finite_number", "a_score_follows_from_the_probe")
ALIKE = ("naswot", "snip", "synflow", "params")  # the others pass images and borrow networks as one of these does


@pytest.mark.parametrize(
    ("proxy", "law"),
    [
        pytest.param(
            proxy,
            law,
            id=f"{proxy.label}-{law}",
            marks=[pytest.mark.slow]
            * (proxy.label not in ALIKE and (proxy.label not in registry.proxies or law.name not in AT_ONCE)),
        )
        for proxy in ALL
        for law in proxy_laws
    ],
)
def test_proxy(proxy, law):
    try:
        law(proxy)
    except DoesNotApply as reason:
        pytest.skip(str(reason))
