"""Running things: the search loop and its history, campaigns, stores, executors."""
