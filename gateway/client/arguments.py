"""Which gateway a command calls and for whom: the arguments and what stands for them."""

import argparse
from pathlib import Path
from typing import Final

URL: Final = "GATEWAY_URL"
CLIENT_ID: Final = "GATEWAY_CLIENT_ID"
CLIENT_SECRET: Final = "GATEWAY_CLIENT_SECRET"  # noqa: S105 - the name of a variable
URL_DEFAULT: Final = "http://127.0.0.1:8000"


def add_gateway_arguments(command: argparse.ArgumentParser) -> None:
    """`--url` and `--credentials`, with the environment variables that stand for them."""
    command.add_argument("--url", metavar="URL", help=f"the gateway ({URL}, default {URL_DEFAULT})")
    command.add_argument(
        "--credentials",
        type=Path,
        metavar="FILE",
        help="client id and secret as `gateway enrol` prints them "
        f"(otherwise {CLIENT_ID} and {CLIENT_SECRET}, no default)",
    )
