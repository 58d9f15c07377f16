"""What an operator sets of SMS, in a TOML file: the header and the templates messages go out under
(DLT), and the carrier they go out by (docs/sms-sending.md)."""

import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ingest import sms_limits
from sms.carrier import Origin
from sms.smpp.settings import SmppSettings
from sms.wording.said import TEMPLATES
from validators.sms_number import Language

_OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH


class HttpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an aggregator takes messages, and the secret it knows us by. Raises ValueError that
    names the field; its printed form leaves the secret out.

    `unencrypted` allows `http:` as well: for a proxy on this machine that adds TLS.
    """

    url: str
    secret: str
    unencrypted: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        schemes = ("https", "http") if self.unencrypted else ("https",)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"url must be of {' or '.join(schemes)}")
        if "@" in parts.netloc:
            raise ValueError("url must name no user: the secret says who asks")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("url must have a port up to 65535 or none") from None
        if not (self.secret.isascii() and self.secret.isprintable() and self.secret.strip()):
            raise ValueError("secret must be printable ASCII")

    def __repr__(self) -> str:
        return f"HttpSettings({urlsplit(self.url).hostname})"


class TemplateIds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of each language, the ids its templates are registered under (DLT), by their names."""

    en: dict[str, str] = {}
    hi: dict[str, str] = {}

    def __post_init__(self) -> None:
        for language, ids in self.by_language().items():
            for name, template_id in ids.items():
                if name not in TEMPLATES[language]:
                    raise ValueError(f"{language}.{name}: there is no such template")
                if not (template_id.isascii() and template_id.isdigit()):
                    raise ValueError(f"{language}.{name}: a template's id is of digits")

    def by_language(self) -> Mapping[Language, Mapping[str, str]]:
        """The ids of each language."""
        return {Language.ENGLISH: self.en, Language.HINDI: self.hi}


class SmsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of SMS. `header` is the sender that messages come from and `entity_id` who is
    registered as sending them (DLT). There is one carrier at most: without one, messages wait
    until they expire. Raises ValueError that names what is wrong."""

    header: str = ""
    entity_id: str = ""
    templates: TemplateIds = TemplateIds()
    http: HttpSettings | None = None
    smpp: SmppSettings | None = None

    def __post_init__(self) -> None:
        if self.http and self.smpp:
            raise ValueError("http and smpp: messages go out by one carrier only")
        for name, shortest, longest in (("header", int(self.sends), 20), ("entity_id", 0, 30)):
            text: str = getattr(self, name)
            if not (shortest <= len(text) <= longest and text.isascii() and text.isprintable()):
                raise ValueError(
                    f"{name} must be {shortest} to {longest} printable ASCII characters"
                )

    @property
    def sends(self) -> bool:
        """Whether there is a carrier."""
        return bool(self.http or self.smpp)

    @property
    def at_once(self) -> int:
        """How many replies the carrier may be given at once: over SMPP those of a few seconds, so
        that none waits there until it counts as failed."""
        if self.smpp is None:
            return sms_limits.REPLIES_AT_ONCE
        few = int(self.smpp.submits_per_second * sms_limits.GIVEN_AHEAD_SECONDS)
        return max(1, min(few, sms_limits.REPLIES_AT_ONCE))

    @property
    def origin(self) -> Origin:
        """Who messages are from."""
        ids = {
            f"{name}.{language}": template_id
            for language, ids in self.templates.by_language().items()
            for name, template_id in ids.items()
        }
        return Origin(self.header, self.entity_id, ids)

    @property
    def templates_missing(self) -> Sequence[str]:
        """The full names of templates without an id."""
        names = [f"{name}.{language}" for language, texts in TEMPLATES.items() for name in texts]
        known = self.origin.template_ids
        return [name for name in names if name not in known]


def read_settings(file: Path) -> SmsSettings:
    """The settings a file says. Raises ValueError that names the file and what is wrong in it, and
    shows no secret; OSError when the file cannot be read."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        return msgspec.convert(written, SmsSettings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{file}: {error}") from None


def others_may_read(file: Path) -> bool:
    """Whether accounts other than its owner's may read a file."""
    return bool(file.stat().st_mode & _OTHERS_READ)
