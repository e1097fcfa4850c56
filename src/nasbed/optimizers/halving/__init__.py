"""Searches that train many architectures shortly and few of them long."""
