"""`gateway reader`: from its arguments to its end."""

import argparse
import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import uvloop

from gateway.client.credentials import gateway_url, read_credentials
from gateway.reader.arguments import (
    BATCH_MAX,
    KEEPALIVE_SECONDS_MAX,
    KEEPALIVE_SECONDS_MIN,
    LLRP_PORT,
    WINDOW_SECONDS_MAX,
    WINDOW_SECONDS_MIN,
)
from gateway.reader.llrp import ALL_ANTENNAS, ReaderSettings
from gateway.reader.relay import RelaySettings, work
from gateway.reader.spool import Spool, SpoolRefused
from gateway.settings import SettingError

_U16_MAX: Final = 0xFFFF


def read_tags(chosen: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Runs the relay until SIGTERM or SIGINT. Raises SettingError when it was asked wrongly."""
    settings = _settings(chosen, environment)
    if chosen.spool_reads < 1:
        raise SettingError(f"--spool-reads {chosen.spool_reads} is not 1 or more")
    try:
        spool = Spool(chosen.spool, chosen.spool_reads)
    except SpoolRefused as refused:
        raise SettingError(str(refused)) from refused
    try:
        _tell(f"{spool.path}: {spool.waiting:,} reads wait")
        uvloop.run(work(settings, spool, _tell))
    finally:
        spool.close()


def _settings(chosen: argparse.Namespace, environment: Mapping[str, str]) -> RelaySettings:
    host, port = reader_address(chosen.llrp)
    _within("--window", chosen.window, WINDOW_SECONDS_MIN, WINDOW_SECONDS_MAX)
    _within("--keepalive", chosen.keepalive, KEEPALIVE_SECONDS_MIN, KEEPALIVE_SECONDS_MAX)
    _within("--batch", chosen.batch, 1, BATCH_MAX)
    if not 0 < chosen.timeout < math.inf:
        raise SettingError(f"--timeout {chosen.timeout} is not more than 0")
    if chosen.power is not None and not math.isfinite(chosen.power):
        raise SettingError(f"--power {chosen.power} is not in dBm")
    return RelaySettings(
        reader=ReaderSettings(
            host, port, antenna_numbers(chosen.antennas), chosen.power, chosen.keepalive
        ),
        url=gateway_url(chosen.url, environment),
        credentials=read_credentials(chosen.credentials, environment),
        window=timedelta(seconds=chosen.window),
        batch_max=chosen.batch,
        timeout_seconds=chosen.timeout,
    )


def reader_address(written: str) -> tuple[str, int]:
    """Host and port of HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT. Raises SettingError."""
    host, port = written, ""
    if written.startswith("["):
        host, _, rest = written[1:].partition("]")
        port = rest.removeprefix(":") if rest else ""
    elif written.count(":") == 1:
        host, _, port = written.partition(":")
    if not host or (port and not (port.isascii() and port.isdecimal())):
        raise SettingError(f"--llrp {written!r} is not HOST or HOST:PORT")
    number = int(port or LLRP_PORT)
    if not 1 <= number <= _U16_MAX:
        raise SettingError(f"--llrp {written!r}: port {number} is not from 1 to {_U16_MAX}")
    return host, number


def antenna_numbers(written: str) -> tuple[int, ...]:
    """The antennas of `all` or `1,2`, in order. Raises SettingError."""
    if written == "all":
        return ALL_ANTENNAS
    parts = written.split(",")
    if all(part.isascii() and part.isdecimal() for part in parts):
        numbers = sorted({int(part) for part in parts})
        if numbers[0] >= 1 and numbers[-1] <= _U16_MAX:
            return tuple(numbers)
    raise SettingError(f"--antennas {written!r} is neither `all` nor numbers such as 1,2")


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise SettingError(f"{name} {value:g} is not from {least:g} to {most:g}")


def _tell(line: str) -> None:
    print(line, flush=True)
