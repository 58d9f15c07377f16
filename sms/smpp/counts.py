"""What an SMPP link has seen since it began; `gateway/link_metrics.py` shows it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Sums that only grow."""

    binds: int = 0
    received: int = 0
    """deliver_sm of mobile numbers that were taken; a part of a long message counts singly."""
    receipts: int = 0
    sent: int = 0
    """submit_sm that the SMSC took; a part of a long message counts singly."""
    throttled: int = 0
    """How often one side told the other to slow down."""
