"""What `gateway reader` may be told, and what it refuses before it does anything."""

import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.reader.command import antenna_numbers, reader_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("reader.example", ("reader.example", 5084)),
        ("10.0.0.5:5085", ("10.0.0.5", 5085)),
        ("10.0.0.5:1", ("10.0.0.5", 1)),
        ("10.0.0.5:65535", ("10.0.0.5", 65535)),
        ("fe80::1", ("fe80::1", 5084)),
        ("[fe80::1]", ("fe80::1", 5084)),
        ("[fe80::1]:5085", ("fe80::1", 5085)),
    ],
)
def test_addresses(written: str, address: tuple[str, int]) -> None:
    assert reader_address(written) == address


@pytest.mark.parametrize(
    ("written", "antennas"),
    [("all", (0,)), ("1", (1,)), ("2,1,2", (1, 2)), ("65535", (65535,))],
)
def test_antennas(written: str, antennas: tuple[int, ...]) -> None:
    assert antenna_numbers(written) == antennas


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--llrp", ":5084"], "HOST"),
        (["--llrp", "host:port"], "HOST"),
        (["--llrp", "host:0"], "port 0"),
        (["--llrp", "host:65536"], "port 65536"),
        (["--antennas", "0"], "--antennas"),
        (["--antennas", "65536"], "--antennas"),
        (["--antennas", "1,,2"], "--antennas"),
        (["--window", "0.9"], "--window"),
        (["--window", "86401"], "--window"),
        (["--window", "nan"], "--window"),
        (["--batch", "0"], "--batch"),
        (["--batch", "1001"], "--batch"),
        (["--keepalive", "0"], "--keepalive"),
        (["--keepalive", "3601"], "--keepalive"),
        (["--timeout", "0"], "--timeout"),
        (["--timeout", "inf"], "--timeout"),
        (["--power", "nan"], "--power"),
        (["--spool-reads", "0"], "--spool-reads"),
        (["--url", "reader.example"], "not the URL"),
        (["--credentials", "/nowhere"], "--credentials"),
        (["--spool", "/nowhere/spool"], "/nowhere/spool"),
    ],
    ids=" ".join,
)
def test_what_is_refused(
    flags: list[str],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GATEWAY_CLIENT_ID", "c-1")
    monkeypatch.setenv("GATEWAY_CLIENT_SECRET", "s3cret")
    spool = tmp_path / "spool"
    with pytest.raises(SystemExit) as ended:
        main(["reader", "--llrp", "127.0.0.1:1", "--spool", str(spool), *flags])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err
    assert not spool.exists()


def test_who_calls_must_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATEWAY_CLIENT_ID", raising=False)
    with pytest.raises(SystemExit):
        main(["reader", "--llrp", "127.0.0.1:1", "--spool", str(tmp_path / "spool")])
    assert "who calls?" in capsys.readouterr().err


def test_without_sllurp_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.startswith(("sllurp", "gateway.reader.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sllurp", None)
    with pytest.raises(SystemExit) as ended:
        main(["reader", "--llrp", "127.0.0.1:1", "--spool", "spool"])
    assert ended.value.code == 2
    assert "pip install 'eway-gateway[reader]'" in capsys.readouterr().err
