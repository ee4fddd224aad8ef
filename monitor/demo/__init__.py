"""A bundled, fictional crisis that shows within a minute, offline, what the monitor is for."""

from __future__ import annotations


def run_demo(*, language: str = "en", paused: bool = False) -> int:
    """Show the demo on the terminal; alerts are in `language`. With `paused` there is time to read."""
    from monitor.demo.show import run_demo as run  # heavy: the whole pipeline

    return run(language=language, paused=paused)
