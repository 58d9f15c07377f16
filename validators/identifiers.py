"""Identifiers of the e-way bill: GSTIN, PIN, HSN, vehicle, document number, EBN.

Each check answers the code of the fault (a key of `errors.FAULTS`) or None. Patterns spell
`[0-9]` because `\\d` would also accept other scripts' digits.
"""

import re
from functools import lru_cache
from typing import Final

UNREGISTERED: Final = "URP"

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE: Final = {character: value for value, character in enumerate(_ALPHABET)}
_GSTIN_CHARACTERS: Final = 15
_GSTIN: Final = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]").fullmatch
_STATE_CODES: Final = frozenset(f"{code:02}" for code in (*range(1, 39), 97, 99))
_ANOTHER_COUNTRY: Final = "96"
# Embassies, bodies of the United Nations and others notified: no check character is published.
_UIN: Final = re.compile(r"[0-9]{4}[A-Z]{3}[0-9]{5}[UO]N[0-9A-Z]").fullmatch
_PIN: Final = re.compile(r"[1-9][0-9]{5}").fullmatch
_HSN_DIGITS: Final = frozenset({4, 6, 8})
_HSN_PREFIX: Final = re.compile(r"(?:[0-9]{2}){1,4}").fullmatch
_DOCUMENT_NUMBER: Final = re.compile(r"[A-Za-z0-9/-]{1,16}").fullmatch
_VEHICLE: Final = re.compile(
    r"[A-Z]{2}[0-9]{2}[A-Z]{1,2}[0-9]{4}"  # KA12AB1234, KA12A1234
    r"|[A-Z]{2}[0-9]{6}"  # AB121234
    r"|[A-Z]{3}[0-9]{4}"  # ABC1234
    r"|TR[A-Z0-9]{5,13}"  # temporary registration
).fullmatch
_EBN: Final = re.compile(r"[1-9][0-9]{11}").fullmatch
_REPORT_ID: Final = re.compile(r"[1-9][0-9]{0,17}").fullmatch
# Whole words of 16 bits, as a tag stores them: a TID of 64 bits to an EPC of 496.
_TAG: Final = re.compile(r"(?:[0-9A-F]{4}){4,31}").fullmatch
_IRN: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_MOBILE: Final = re.compile(r"[6-9][0-9]{9}").fullmatch
_DIALLED: Final = re.compile(r" *(?:\+91|0091|91|0)?[ -]?([6-9][0-9]{4} ?[0-9]{5}) *").fullmatch
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(?:\.[^@\s.]{1,63})+").fullmatch
# C0 and C1 controls, and the invisible direction overrides that can make a log line lie.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]").search


def gstin_check_character(first_fourteen: str) -> str:
    """The 15th character of a GSTIN: modulo 36 over the first 14, factors 1 and 2 in turn."""
    total = 0
    for position, character in enumerate(first_fourteen):
        quotient, remainder = divmod(_VALUE[character] * (1 + position % 2), 36)
        total += quotient + remainder
    return _ALPHABET[-total % 36]


def gstin_fault(text: str) -> str | None:
    """GSTIN_FORMAT, GSTIN_CHECKSUM or None. `URP` is not a GSTIN; callers allow it apart."""
    # What is too long is not kept in memory.
    return _fault_of_15(text) if len(text) == _GSTIN_CHARACTERS else "GSTIN_FORMAT"


@lru_cache(maxsize=65_536)  # The same traders send most documents: a hit costs a tenth.
def _fault_of_15(text: str) -> str | None:
    if not _GSTIN(text) or text[:2] not in _STATE_CODES:
        return "GSTIN_FORMAT"
    return None if gstin_check_character(text[:14]) == text[14] else "GSTIN_CHECKSUM"


def states_of(*parties: str) -> set[str]:
    """The State codes of registered parties: a GSTIN begins with its State's."""
    return {party[:2] for party in parties if party != UNREGISTERED}


def party_fault(text: str) -> str | None:
    """As `gstin_fault`, for a field that may say `URP` (an unregistered person)."""
    return None if text == UNREGISTERED else gstin_fault(text)


def recipient_fault(text: str) -> str | None:
    """As `party_fault`, for a field that may also say a Unique Identity Number."""
    return None if _UIN(text) and text[:2] in _STATE_CODES else party_fault(text)


def pin_fault(text: str) -> str | None:
    """PIN_FORMAT or None: 6 digits, the first not 0 (A.2)."""
    return None if _PIN(text) else "PIN_FORMAT"


def hsn_fault(text: str) -> str | None:
    """HSN_FORMAT or None: 4, 6 or 8 digits (A.6, note 1: at minimum four)."""
    # A third of the time of a pattern; every line of every invoice has one.
    sound = len(text) in _HSN_DIGITS and text.isascii() and text.isdigit()
    return None if sound else "HSN_FORMAT"


def hsn_prefix_fault(text: str) -> str | None:
    """HSN_PREFIX_FORMAT or None: a chapter, heading, subheading or tariff item."""
    return None if _HSN_PREFIX(text) else "HSN_PREFIX_FORMAT"


def state_fault(text: str) -> str | None:
    """STATE_FORMAT or None: the two digits a GSTIN of that State begins with."""
    return None if text in _STATE_CODES else "STATE_FORMAT"


def country_fault(text: str) -> str | None:
    """As `state_fault`, where it may be another country: 96, as in India's invoice portals."""
    return None if text == _ANOTHER_COUNTRY else state_fault(text)


def document_number_fault(text: str) -> str | None:
    """DOCUMENT_NUMBER_FORMAT or None (A.3)."""
    return None if _DOCUMENT_NUMBER(text) else "DOCUMENT_NUMBER_FORMAT"


def vehicle_fault(text: str) -> str | None:
    """VEHICLE_FORMAT or None, for a number already normalised by `normal_vehicle` (Part B)."""
    return None if _VEHICLE(text) else "VEHICLE_FORMAT"


def normal_vehicle(text: str) -> str:
    """A vehicle number as it is stored: upper case, no spaces."""
    return upper(text.replace(" ", ""))


def tag_fault(text: str) -> str | None:
    """TAG_FORMAT or None, for a tag already normalised by `normal_tag`: an EPC or TID in
    hexadecimal. One of zeros only was never written: thousands of chips have it."""
    return None if _TAG(text) and text.strip("0") else "TAG_FORMAT"


def normal_tag(text: str) -> str:
    """An RFID tag as it is stored: upper case, no spaces."""
    return upper(text.replace(" ", ""))


def tag_of(text: str) -> str | None:
    """The RFID tag a text names, as it is stored, or None when it is none."""
    tag = normal_tag(text)
    return None if tag_fault(tag) else tag


def upper(text: str) -> str:
    """Upper case, for ASCII only: some other letters would become ones that are allowed."""
    return text.upper() if text.isascii() else text


def irn_fault(text: str) -> str | None:
    """IRN_FORMAT or None."""
    return None if _IRN(text) else "IRN_FORMAT"


def mobile_fault(text: str) -> str | None:
    """MOBILE_FORMAT or None: ten digits as dialled within India."""
    return None if _MOBILE(text) else "MOBILE_FORMAT"


def normal_mobile(text: str) -> str | None:
    """The ten digits of an Indian mobile number, as it is stored, however it is dialled; None for
    what is none, such as a sender's name."""
    matched = _DIALLED(text)
    return "".join(matched[1].split()) if matched else None


def email_fault(text: str) -> str | None:
    """EMAIL_FORMAT or None: one @ and a domain with a dot; the rest is the mail server's to say."""
    sound = len(text) <= 254 and _EMAIL(text) and not _CONTROL(text)
    return None if sound else "EMAIL_FORMAT"


def text_fault(text: str, length_max: int) -> str | None:
    """EMPTY, TOO_LONG (in characters), CONTROL_CHARACTER or None, for free text in any script."""
    if not text or text.isspace():
        return "EMPTY"
    if len(text) > length_max:
        return "TOO_LONG"
    # What is printable holds none of them, and is told ten times as fast.
    return "CONTROL_CHARACTER" if not text.isprintable() and _CONTROL(text) else None


def ebn_of(text: str) -> int | None:
    """The e-way bill number a text names, or None when it is not one."""
    return int(text) if _EBN(text) else None


PART_A_PREFIX: Final = "PA"


def part_a_reference(number: int) -> str:
    """A Part A's reference as it is shown: never mistaken for an EBN."""
    return f"{PART_A_PREFIX}{number}"


def part_a_number_of(text: str) -> int | None:
    """The number a Part A's reference names, or None when it is none."""
    return ebn_of(text.removeprefix(PART_A_PREFIX)) if text.startswith(PART_A_PREFIX) else None


def report_id_of(text: str) -> int | None:
    """The inspection or detention a text names, or None when it names none."""
    return int(text) if _REPORT_ID(text) else None
