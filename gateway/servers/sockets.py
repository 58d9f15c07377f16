"""Directories for Unix sockets that only one account can enter."""

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_SOCKET_PATH_BYTES_MAX = 103
# A comma, a quote or a space has a meaning of its own in some setting that names the directory;
# rather than quote it in each server's manner, such a path is treated like one too long.
_PLAIN = re.compile(r"[A-Za-z0-9_./+@~-]+")


def socket_directory(preferred: Path, socket_name: str, uid: int, gid: int) -> Path:
    """Make a directory of mode 0700 belonging to `uid`, in which `socket_name` can be bound.

    This is `preferred` if a socket address can hold that path, else a short one derived from it
    under the system's temporary directory. There anyone may have put something of that name
    before us, hence the check of owner and mode. Raises ValueError if no path will do.
    """
    directory = preferred
    if not _fits(directory / socket_name):
        digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:16]
        directory = Path(tempfile.gettempdir()).resolve() / f"gateway-{digest}"
        if not _fits(directory / socket_name):
            raise ValueError(f"neither {preferred} nor {directory} can hold a Unix socket")
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    private = stat.S_ISDIR(found.st_mode) and found.st_mode & 0o777 == 0o700
    if not private or found.st_uid not in (uid, os.geteuid()):
        raise PermissionError(f"{directory} is not a private directory of user {uid}; remove it")
    if found.st_uid != uid:
        os.chown(directory, uid, gid, follow_symlinks=False)
    return directory


def remove_socket_directory(directory: Path) -> None:
    """Leave nothing behind under the temporary directory, unless a socket is still there."""
    with suppress(OSError):
        directory.rmdir()


def _fits(path: Path) -> bool:
    plain = _PLAIN.fullmatch(str(path)) is not None
    return plain and len(os.fsencode(path)) <= _SOCKET_PATH_BYTES_MAX
