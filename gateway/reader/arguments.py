"""What `gateway reader` may be told. Apart from the rest, which only a relay needs to import."""

import argparse
from pathlib import Path
from typing import Final

from gateway.client.arguments import add_gateway_arguments

LLRP_PORT: Final = 5084
WINDOW_SECONDS: Final = 60.0
WINDOW_SECONDS_MIN: Final = 1.0
WINDOW_SECONDS_MAX: Final = 86_400.0
BATCH_MAX: Final = 1000
SPOOL_READS: Final = 1_000_000
KEEPALIVE_SECONDS: Final = 10.0
KEEPALIVE_SECONDS_MIN: Final = 0.1
KEEPALIVE_SECONDS_MAX: Final = 3600.0
TIMEOUT_SECONDS: Final = 30.0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of the command, with the environment variables that stand for them."""
    command.add_argument(
        "--llrp",
        required=True,
        metavar="HOST[:PORT]",
        help=f"the RFID reader, which speaks LLRP (port {LLRP_PORT} unless said)",
    )
    command.add_argument(
        "--spool",
        required=True,
        type=Path,
        metavar="FILE",
        help="where reads are kept until the gateway has answered them",
    )
    add_gateway_arguments(command)
    command.add_argument(
        "--window",
        type=float,
        default=WINDOW_SECONDS,
        metavar="SECONDS",
        help="a tag unseen for longer than this is a new pass, and a new read "
        f"(default {WINDOW_SECONDS:g})",
    )
    command.add_argument(
        "--antennas",
        default="all",
        metavar="N[,N…]",
        help="the antennas to read with, from 1 (default all)",
    )
    command.add_argument(
        "--power",
        type=float,
        metavar="DBM",
        help="transmit power at most (default the reader's greatest)",
    )
    command.add_argument(
        "--batch",
        type=int,
        default=BATCH_MAX,
        metavar="N",
        help=f"reads in one call at most (default {BATCH_MAX})",
    )
    command.add_argument(
        "--spool-reads",
        type=int,
        default=SPOOL_READS,
        metavar="N",
        help=f"reads the spool keeps at most (default {SPOOL_READS})",
    )
    command.add_argument(
        "--keepalive",
        type=float,
        default=KEEPALIVE_SECONDS,
        metavar="SECONDS",
        help="how often the reader is to say that it lives; silent for three times as long it is "
        f"connected anew (default {KEEPALIVE_SECONDS:g})",
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help=f"how long an answer of the gateway is waited for (default {TIMEOUT_SECONDS:g})",
    )
