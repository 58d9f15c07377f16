"""The file of SMS settings: read strictly, wrong keys named, no secret shown."""

from pathlib import Path

import pytest

from gateway.settings import SettingError, Settings
from ingest import sms_limits
from sms.settings import SmsSettings, others_may_read, read_settings
from sms.wording.said import TEMPLATES

SECRET = "s3cret-value"
HTTP = f'[http]\nurl = "https://a.example/send"\nsecret = "{SECRET}"\n'
SMPP = '[smpp]\nhost = "h"\nsystem_id = "i"\npassword = "p"\n'
WHOLE = f"""
header = "EWAYBL"
entity_id = "1101"
[templates.en]
stranger = "110712"
one-time-password = "110713"
[templates.hi]
stranger = "110714"
{HTTP}"""


def _read(directory: Path, text: str) -> SmsSettings:
    file = directory / "sms.toml"
    file.write_text(text)
    return read_settings(file)


def test_the_whole_of_it(tmp_path: Path) -> None:
    settings = _read(tmp_path, WHOLE)
    assert settings.origin.template_ids == {
        "stranger.en": "110712",
        "one-time-password.en": "110713",
        "stranger.hi": "110714",
    }
    assert settings.http
    assert (settings.http.url, settings.http.secret) == ("https://a.example/send", SECRET)
    assert (settings.header, settings.entity_id, settings.sends) == ("EWAYBL", "1101", True)
    assert settings.at_once == sms_limits.REPLIES_AT_ONCE
    assert SECRET not in repr(settings)
    everything = sum(len(texts) for texts in TEMPLATES.values())
    assert len(settings.templates_missing) == everything - 3
    assert "stranger.en" not in settings.templates_missing


def test_nothing_is_sent_where_nothing_is_said(tmp_path: Path) -> None:
    settings = _read(tmp_path, "")
    assert (settings.sends, settings.origin.template_ids) == (False, {})
    assert Settings().sms() == SmsSettings()
    assert _read(tmp_path, 'header = "X"\n' + SMPP).sends


@pytest.mark.parametrize(
    ("a_second", "at_once"), [(1, 5), (50, 250), (102, 510), (103, 512), (10_000, 512)]
)
def test_a_carrier_is_given_what_it_takes_in_a_few_seconds(
    tmp_path: Path, a_second: int, at_once: int
) -> None:
    assert (
        _read(tmp_path, f'header = "X"\n{SMPP}submits_per_second = {a_second}').at_once == at_once
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('headers = "X"', "headers"),
        ("header = 7", "$.header"),
        ('header = "X"\n' + HTTP + "port = 7", "port"),
        (HTTP, "header"),
        (SMPP, "header"),
        ('header = "ABCDEFGHIJKLMNOPQRSTU"', "header"),
        ('header = "é"', "header"),
        ('entity_id = "1234567890123456789012345678901"', "entity_id"),
        ('header = "X"\n' + HTTP.replace("https:", "http:"), "url"),
        ('header = "X"\n' + HTTP.replace("https://a.example/send", "a.example"), "url"),
        ('header = "X"\n' + HTTP.replace("a.example", f"u:{SECRET}@a.example"), "url"),
        ('header = "X"\n' + HTTP.replace("a.example", "a.example:65536"), "url"),
        ('header = "X"\n' + HTTP.replace(SECRET, " "), "secret"),
        ('header = "X"\n' + HTTP.replace(SECRET, f"{SECRET}é"), "secret"),
        (f'header = "X"\n{HTTP}{SMPP}', "smpp"),
        (SMPP.replace('"i"', '"0123456789abcdef"'), "system_id"),
        ('[templates.en]\nsecond = "1"', "en.second"),
        ('[templates.hi]\nstranger = "1x"', "hi.stranger"),
        ('[templates.ta]\nstranger = "1"', "ta"),
        ("header = ", "Invalid value"),
        ("header = 'X'\nheader = 'Y'", "Cannot overwrite"),
        ("[http]\nsecret = 5", "http"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_shown(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ValueError, match=r"sms\.toml") as raised:
        _read(tmp_path, text)
    assert named in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "sms.toml").write_bytes(b"\xff")
    with pytest.raises(SettingError, match=r"sms\.toml"):
        Settings(sms_settings=tmp_path / "sms.toml").sms()
    with pytest.raises(SettingError, match="No such file"):
        Settings(sms_settings=tmp_path / "none.toml").sms()


@pytest.mark.parametrize(
    ("mode", "told"), [(0o600, False), (0o700, False), (0o640, True), (0o604, True), (0o644, True)]
)
def test_others_that_may_read_it(tmp_path: Path, mode: int, *, told: bool) -> None:
    file = tmp_path / "sms.toml"
    file.touch()
    file.chmod(mode)
    assert others_may_read(file) is told
