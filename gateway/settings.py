"""Settings, read once at start: each has an environment variable, and most a flag of `serve`."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ingest import limits
from sms.settings import SmsSettings, read_settings
from validators.rulebook import RULEBOOKS_DEFAULT, rulebooks_enabled


class SettingError(ValueError):
    """A setting has a value it cannot have."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose. Field NAME is the environment variable GATEWAY_NAME."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    data_dir: Path = Path("gateway-data")
    postgres_dsn: str | None = None
    redis_url: str | None = None
    postgres_bin: Path | None = None
    redis_server: Path | None = None
    log_level: str = "info"
    rulebooks: str = ",".join(rulebook.version for rulebook in RULEBOOKS_DEFAULT)
    sms_settings: Path | None = None
    trusted_proxies: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **chosen: Any) -> "Settings":
        """The settings of an environment, overridden by those chosen (None: not chosen).

        Raises SettingError naming the variable.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            written = environment.get(variable(field.name))
            if chosen.get(field.name) is not None:
                values[field.name] = chosen[field.name]
            elif written:
                values[field.name] = _parse(field.name, written)
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Raises SettingError when a value is outside its limits."""
        if not 0 <= self.port <= 65535:
            raise SettingError(f"port {self.port} is not from 0 to 65535")
        if not 1 <= self.workers <= limits.WORKERS_MAX:
            raise SettingError(f"workers {self.workers} is not from 1 to {limits.WORKERS_MAX}")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingError(f"log level {self.log_level!r} is not debug, info, warning or error")
        try:
            for proxy in filter(None, self.trusted_proxies.split(",")):
                ipaddress.ip_network(proxy.strip())
        except ValueError as error:
            raise SettingError(f"trusted proxies: {error}") from error
        try:
            rulebooks_enabled(self.rulebook_versions)
        except ValueError as error:
            raise SettingError(str(error)) from error

    def sms(self) -> SmsSettings:
        """What the file of SMS settings says; without a file nothing is sent. Raises SettingError
        naming what is wrong."""
        if self.sms_settings is None:
            return SmsSettings()
        try:
            return read_settings(self.sms_settings)
        except OSError as error:
            raise SettingError(f"{self.sms_settings}: {error.strerror}") from error
        except ValueError as error:
            raise SettingError(str(error)) from error

    @property
    def rulebook_versions(self) -> tuple[str, ...]:
        """The rulebooks enabled, by version."""
        return tuple(part.strip() for part in self.rulebooks.split(",") if part.strip())


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"GATEWAY_{name.upper()}"


_NUMBERS = ("port", "workers")
_PATHS = ("data_dir", "postgres_bin", "redis_server", "sms_settings")


def _parse(name: str, written: str) -> Any:
    if name in _NUMBERS:
        try:
            return int(written)
        except ValueError as error:
            raise SettingError(f"{variable(name)}={written!r} is not a number") from error
    return Path(written) if name in _PATHS else written


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ
