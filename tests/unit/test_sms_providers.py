"""Where an aggregator delivers from, and what it proves itself by."""

import ipaddress
from collections.abc import Sequence

import pytest

from ingest.sms_providers import Provider
from validators.authority import Person, Role
from validators.errors import Refusal


def _provider(sources: Sequence[str]) -> Provider:
    person = Person("sms-provider-1", Role.SMS_PROVIDER, "Aggregator")
    return Provider(person, b"secret", [ipaddress.ip_network(source) for source in sources])


SOURCES = ["192.0.2.0/24", "2001:db8::/32"]


@pytest.mark.parametrize(
    "address", ["192.0.2.0", "192.0.2.255", "2001:db8::1", "::ffff:192.0.2.7", "::FFFF:C000:0207"]
)
def test_who_delivers_from_its_networks(address: str) -> None:
    """A listener on :: sees whoever comes by IPv4 at an address of IPv6."""
    _provider(SOURCES).require_source(address)


@pytest.mark.parametrize(
    "address",
    ["192.0.1.255", "192.0.3.0", "2001:db9::", "::ffff:192.0.3.0", "::192.0.2.7", "", "x"],
)
def test_who_delivers_from_elsewhere(address: str) -> None:
    with pytest.raises(Refusal) as refused:
        _provider(SOURCES).require_source(address)
    assert refused.value.problem.code == "SOURCE_NOT_ALLOWED"
    _provider([]).require_source(address)
