"""What can go wrong with the store, in words for the operator.

StoreError
├── StoreFull     the disk (or the database's quota) is full: nothing of the transaction was written
├── StoreLocked   another daemon holds this database; says which
└── StoreTooNew   the database was made by a newer version of this program
"""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot do what was asked; the message says why and what to do."""


class StoreFull(StoreError):  # noqa: N818 - a state of the store, read as a sentence
    """The disk is full. The transaction was rolled back; the same batch can be stored again later."""


class StoreLocked(StoreError):  # noqa: N818 - a state of the store, read as a sentence
    """Another process holds the database. The message names its pid, host and start."""


class StoreTooNew(StoreError):  # noqa: N818 - a state of the store, read as a sentence
    """The database has a schema that this version of the program does not know."""
