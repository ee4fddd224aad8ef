"""Alembic's steps from one schema to the next. Run by `monitor.store.migrate`, never by hand."""
