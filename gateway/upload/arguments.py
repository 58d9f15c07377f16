"""What `gateway upload` may be told. Apart from the rest, which only an upload needs to import."""

import argparse
from pathlib import Path
from typing import Final

from gateway.client.arguments import add_gateway_arguments

CONNECTIONS_DEFAULT: Final = 1
CONNECTIONS_MAX: Final = 32
TRIES_DEFAULT: Final = 10


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The arguments of the command, with the environment variables that stand for them."""
    command.add_argument("file", type=Path, metavar="FILE", help="NDJSON or CSV to send")
    command.add_argument(
        "--kind",
        choices=["invoices", "eway-bills"],
        help="what the file holds, where it does not tell by itself",
    )
    add_gateway_arguments(command)
    command.add_argument(
        "--connections",
        type=int,
        default=CONNECTIONS_DEFAULT,
        metavar="N",
        help=f"requests at once, at most {CONNECTIONS_MAX} (default {CONNECTIONS_DEFAULT})",
    )
    command.add_argument(
        "--tries",
        type=int,
        default=TRIES_DEFAULT,
        metavar="N",
        help=f"tries in succession without an answer before giving up (default {TRIES_DEFAULT})",
    )
    command.add_argument(
        "--again",
        action="store_true",
        help="send everything anew; the answers of before are put aside",
    )
