"""What an operator sets of SMS, in a TOML file: the header and the templates messages go out under
(DLT), and the carrier they go out by."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from sms.http_carrier import HttpSettings
from sms.smpp.settings import SmppSettings
from sms.wording.said import Language

_OTHERS_MAY_READ: Final = 0o077


class Templates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of each language, the ids templates are registered under (DLT), by name."""

    en: dict[str, str] = {}
    hi: dict[str, str] = {}


class SmsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of SMS. `header` is the sender messages come from and `entity_id` who is
    registered as sending them (DLT). One carrier at most: without one messages wait until they
    expire. Raises ValueError that names what is wrong."""

    header: str = ""
    entity_id: str = ""
    templates: Templates = Templates()
    http: HttpSettings | None = None
    smpp: SmppSettings | None = None

    def __post_init__(self) -> None:
        if self.http and self.smpp:
            raise ValueError("http and smpp: messages go out by one carrier only")
        if self.http and not self.header:
            raise ValueError("header is needed to send by http")

    @property
    def sends(self) -> bool:
        """Whether there is a carrier."""
        return bool(self.http or self.smpp)

    def template_ids(self, names: Collection[str]) -> Mapping[str, str]:
        """The ids of templates by their full names, such as `generated.en`. Raises ValueError for a
        template that is none of these names."""
        by_language = {Language.ENGLISH: self.templates.en, Language.HINDI: self.templates.hi}
        ids = {}
        for language, templates in by_language.items():
            for name, template_id in templates.items():
                if f"{name}.{language}" not in names:
                    raise ValueError(f"templates.{language}.{name}: there is no such template")
                ids[f"{name}.{language}"] = template_id
        return ids


def read_settings(file: Path) -> SmsSettings:
    """The settings a file says. Raises ValueError that names the file and the key that is wrong,
    never its value; OSError when the file cannot be read."""
    try:
        written: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not TOML: {_place(error)}") from None
    try:
        return msgspec.convert(written, SmsSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"{file}: {error}") from None


def others_may_read(file: Path) -> bool:
    """Whether accounts other than its owner's may read a file, which holds secrets."""
    return bool(file.stat().st_mode & _OTHERS_MAY_READ)


def _place(error: ValueError) -> str:
    """What is wrong, by its place: some of TOML's own errors would show what is written there."""
    return str(error)
