"""The web side of the monitor: pages for people, hooks for machines."""
