"""Training-free scores of networks; see ``nasbed.core.registry.proxies`` for their names."""
