"""What an import recognises: the published files, and the modules that they have."""

PUBLISHED = {
    "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c": "nasbench_full",
    "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1": "nasbench_only108",
}
"""Names by SHA-256. Reference: https://github.com/google-research/nasbench"""

MODULES = "1f4a7db984f8bb44da50e51b6c7e830bd26a761a39d60997ef500b7610ef0449"
"""SHA-256 of the digests of all 423,624 modules in the published order of enumeration, 16 bytes each."""
