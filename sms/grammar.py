"""The grammar of the messages: lenient in form, strict in meaning."""

from sms.messages import Message, Misread


def read(text: str) -> Message | Misread:
    """What a text says, or the first thing wrong with it. Never raises, whatever the text."""
    raise NotImplementedError


def written(message: Message) -> str:
    """The message as it is typed: `read(written(message)) == message` for every sound one."""
    raise NotImplementedError
