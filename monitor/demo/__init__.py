"""A bundled, fictional crisis that shows within a minute, offline, what the monitor is for."""
