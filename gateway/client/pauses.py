"""How long a client waits before it tries again, and what to say of a connection that broke."""

import random
from typing import Final

_FIRST_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 30.0


def backoff_seconds(tries: int) -> float:
    """The pause after so many tries in succession that brought nothing: ever longer, to 30 s."""
    # Clients whom one gateway left do not all come back in the same instant.
    spread = random.uniform(0.5, 1)  # noqa: S311 - nothing secret
    # Beyond 2**16 it is the longest by far; who tries for ever would come to the end of floats.
    return float(min(_FIRST_SECONDS * 2 ** min(tries, 16), _LONGEST_SECONDS) * spread)


def broken(error: Exception) -> str:
    """What to tell a person of a connection that broke."""
    return f"the connection broke ({str(error) or type(error).__name__})"
