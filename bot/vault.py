"""Vault: secrets are sealed before they are stored, with a key that never lies in the database."""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_SUFFIX = ".key"
RIGHTS = stat.S_IRUSR | stat.S_IWUSR


class WrongKey(Exception):
    """The stored secrets were sealed with another SECRET_KEY: put that one back, or install the add-on again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Vault:
    """Seals and opens secrets (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for a purpose, which tell nothing of the key."""
        return hmac.digest(self._key, purpose.encode(), hashlib.sha256)

    def seal(self, secret: str) -> bytes:
        """Return what may be stored of a secret."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Return the secret. Raises WrongKey."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise WrongKey from None


class NoKey(OSError):
    """The file of the key is empty: put the key back from a backup, or set SECRET_KEY."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: {self.__doc__}")


def key_beside(database: str) -> str:
    """Return the key kept beside a SQLite file, made at the first call, readable by its owner only. Raises OSError."""
    path = Path(database + KEY_SUFFIX)
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    # Written whole under another name first: neither a crash nor another process that starts now finds half a key.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, RIGHTS)
    try:
        os.fchmod(handle, RIGHTS)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process of ours was a moment earlier
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return _read(path)


def _read(path: Path) -> str:
    key = path.read_text().strip()
    if stat.S_IMODE(path.stat().st_mode) & ~RIGHTS:
        # Somebody else's file is left as it is.
        with contextlib.suppress(PermissionError):
            path.chmod(RIGHTS)
    if not key:
        raise NoKey(path)
    return key
