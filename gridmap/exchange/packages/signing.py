"""The key pair that signs packages: Ed25519, made when the first package is.

A partner needs the public half alone and can forge nothing with it.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from geodata.messages import Message
from gridmap.errors import UnavailableError


def signing_key_path(folder: Path) -> Path:
    """Return where the private key lies in the folder of the installation's data."""
    return folder / "package-signing-key.pem"


class Signer:
    """Signs with the installation's private key.

    Parameters
    ----------
    folder : Path
        The folder of the installation's data, in which the key lies readable by its owner alone.

    Raises
    ------
    UnavailableError
        If the file holds no such key.
    """

    def __init__(self, folder: Path) -> None:
        self._key = _private_key(signing_key_path(folder))

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of a signature."""
        return self._key.sign(content)

    def public_key(self) -> bytes:
        """Return the public half as PEM, for partners to verify with."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _private_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(pem)
        # Of two processes that make one at once the first wins, and both read its key.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise UnavailableError(Message("{file} holds no Ed25519 key.", file=str(path)))
    return key
