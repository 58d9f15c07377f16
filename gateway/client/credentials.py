"""Who calls which gateway, as the arguments and the environment say it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.client.arguments import CLIENT_ID, CLIENT_SECRET, URL, URL_DEFAULT
from gateway.settings import SettingError


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client id and its secret, as `gateway enrol` prints them."""

    client_id: str
    client_secret: str


def gateway_url(chosen: str | None, environment: Mapping[str, str]) -> str:
    """The gateway's URL, without a slash at its end. Raises SettingError when it is none."""
    written = chosen or environment.get(URL) or URL_DEFAULT
    parts = urlsplit(written)
    if "@" in parts.netloc:  # Nor is it said again: its password is nobody's to read.
        raise SettingError("the URL names a user: say it without, and who calls with "
                           "--credentials")  # fmt: skip
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError(f"{written!r} is not the URL of a gateway, such as {URL_DEFAULT}")
    return written.rstrip("/")


def read_credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials:
    """From the file, or the environment where there is none.

    Raises SettingError when neither says who calls.
    """
    if file is None:
        written: object = {
            "client_id": environment.get(CLIENT_ID),
            "client_secret": environment.get(CLIENT_SECRET),
        }
    else:
        try:
            written = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingError(f"--credentials {file}: {error}") from error
    if isinstance(written, dict):
        client_id, secret = written.get("client_id"), written.get("client_secret")
        if isinstance(client_id, str) and isinstance(secret, str) and client_id and secret:
            return Credentials(client_id, secret)
    if file is None:
        raise SettingError(f"who calls? Say --credentials FILE, or set {CLIENT_ID} and "
                           f"{CLIENT_SECRET}")  # fmt: skip
    raise SettingError(f"--credentials {file} is not what `gateway enrol` prints")
