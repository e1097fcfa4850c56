"""Compat: published programming interfaces over nasbed's tables, so that scripts run on unchanged."""
