"""The published interface of NAS-Bench-101, ``nasbench``: see ``api``.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench
"""

from nasbed.compat.nasbench.api import ModelSpec, NASBench, OutOfDomainError

__all__ = ["ModelSpec", "NASBench", "OutOfDomainError"]
