"""`python -m monitor` is `crisis-monitor`."""

from monitor.cli import main

main()
