"""Tokens of keys: made here, shown once, and stored as a hash alone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

_MARK = "gm_"
#: 32 random bytes, as letters that fit into a header or an address.
_RANDOM_BYTES = 32
_SHOWN = 9
#: Longer ones are never looked up.
LONGEST = 128


@dataclass(frozen=True)
class Token:
    """A new token: the secret itself, what lists show of it, and what is stored."""

    secret: str
    prefix: str
    hash: bytes

    def __repr__(self) -> str:
        """Leave the secret out, for such texts end in logs."""
        return f"Token({self.prefix}…)"


def make_token() -> Token:
    """Make a token that nobody can guess.

    No salt and no slow hash: 256 random bits cannot be tried out.
    """
    secret = _MARK + secrets.token_urlsafe(_RANDOM_BYTES)
    return Token(secret, secret[:_SHOWN], hash_of(secret))


def hash_of(secret: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
