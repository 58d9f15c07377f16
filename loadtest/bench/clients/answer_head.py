"""The little of an HTTP answer's head that a client needs which only measures."""


def status_and_length(head: bytes) -> tuple[bytes, int]:
    """The status, and the bytes of the body, which the head must say. Raises ValueError if not."""
    lowered = head.lower()
    at = lowered.index(b"content-length:") + 15
    return head[9:12], int(lowered[at : lowered.index(b"\r", at)])
