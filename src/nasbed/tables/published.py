"""The published files that an import recognises."""

PUBLISHED = {
    "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c": "nasbench_full",
    "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1": "nasbench_only108",
}
"""Names by SHA-256. Reference: https://github.com/google-research/nasbench"""
