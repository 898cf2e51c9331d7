"""Addresses to which a one-time code can go: a driver's phone in E.164 form, an operator's mailbox."""

import re

import phonenumbers

from marketplace.accounts.principals import PrincipalKind
from marketplace.accounts.refusals import BadAddress

LONGEST_MAILBOX = 254
MAILBOX = re.compile(r"[^@\s\x00-\x1f]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")


def address_of(kind: PrincipalKind, text: str) -> str:
    """The one form in which an address is stored, counted and compared."""
    return phone_of(text) if kind is PrincipalKind.DRIVER else mailbox_of(text)


def phone_of(text: str) -> str:
    """A phone number in E.164 form, such as +56912345678; spaces and dashes are taken as typed."""
    try:
        number = phonenumbers.parse(text[:40], None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise BadAddress("give the phone number with its country code, such as +56 9 1234 5678", field="address")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mailbox_of(text: str) -> str:
    """An e-mail address in lower case."""
    mailbox = text.strip().lower()
    if len(mailbox) > LONGEST_MAILBOX or not MAILBOX.fullmatch(mailbox):
        raise BadAddress("give an e-mail address, such as ana@example.com", field="address")
    return mailbox
