"""Authors are stored as keyed hashes only."""

from __future__ import annotations

import hashlib
import hmac

HASH_CHARACTERS = 32
"""Hexadecimal digits that are kept: 128 bits, far beyond any chance collision of authors."""


def author_hash(secret: bytes, platform: str, author: str) -> str:
    """The pseudonym of an author: the same for the same person on a platform, and useless without `secret`."""
    message = f"{platform}\0{author}".encode("utf-8", "surrogatepass")
    return hmac.digest(secret, message, hashlib.sha256).hex()[:HASH_CHARACTERS]
