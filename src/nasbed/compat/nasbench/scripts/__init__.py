"""The published scripts of NAS-Bench-101, each a module to import from and a program to run.

``python -m nasbed.compat.nasbench.scripts.run_evaluation --models_file=… --output_dir=…``, for example. What they do is
nasbed's own: ``nasbed enumerate``, ``nasbed generate`` and ``nasbed train`` do the same, and more.

Reference: Ying et al., ICML 2019, https://github.com/google-research/nasbench, ``nasbench/scripts``
"""
