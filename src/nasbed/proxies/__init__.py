"""Training-free scores of networks; see ``nasbed.core.registry.proxies`` for their names."""

from typing import TYPE_CHECKING

from nasbed.core.lazy import lazily

if TYPE_CHECKING:
    from nasbed.proxies.epe_nas import EPENAS as EPENAS
    from nasbed.proxies.saliency import Fisher as Fisher
    from nasbed.proxies.flops import FLOPs as FLOPs
    from nasbed.proxies.saliency import GradientNorm as GradientNorm
    from nasbed.proxies.saliency import GraSP as GraSP
    from nasbed.proxies.jacov import JacobianCovariance as JacobianCovariance
    from nasbed.proxies.saliency import L2Norm as L2Norm
    from nasbed.proxies.naswot import NASWOT as NASWOT
    from nasbed.proxies.flops import Parameters as Parameters
    from nasbed.proxies.saliency import Plain as Plain
    from nasbed.proxies.probe import Probe as Probe, score as score
    from nasbed.proxies.saliency import SNIP as SNIP
    from nasbed.proxies.saliency import SynFlow as SynFlow
    from nasbed.proxies.zen import Zen as Zen
else:
    __getattr__, __dir__ = lazily(__name__)
