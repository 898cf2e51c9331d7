"""Currencies: how many of our minor units make one, how the payment gateway counts them, and what can be paid out.

Our minor unit is the smallest one that a currency has in practice: cents for USD, whole yen for JPY, fils for BHD. The
gateway counts a few of them in another way, and moves some of them in steps only. This is the one table of it, for the
ledger, for whoever talks to the gateway, and for the stand-in that plays the gateway.
"""

from typing import Literal

from marketplace.core.money import BadMoney, Money


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO_DECIMAL = _codes("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF")
"""Have no minor unit: 500 is five hundred of them."""
THREE_DECIMAL = _codes("BHD JOD KWD OMR TND")
"""Have a thousand minor units, of which the gateway moves tens."""
SENT_TIMES_HUNDRED = _codes("ISK UGX")
"""Have no minor unit, but the gateway takes them as if they had two decimals, which must be zero."""
PAID_OUT_WHOLE = _codes("HUF TWD")
"""Are charged with two decimals and paid out without."""
TWO_DECIMAL = _codes(
    "USD AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP"
    " CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS"
    " KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN"
    " PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UYU"
    " UZS WST XCD YER ZAR ZMW"
)
KNOWN = TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | SENT_TIMES_HUNDRED
"""Every currency that the gateway moves."""
LARGEST_AT_GATEWAY = 99_999_999
"""The gateway takes eight digits."""

Movement = Literal["charge", "payout"]
"""A payout leaves the gateway for a bank; whatever else is moved follows the rule of charges."""


def decimals(currency: str) -> int:
    """How many decimals our minor units of a currency stand for: 2 for USD, 0 for JPY and ISK, 3 for BHD."""
    _check_known(currency)
    if currency in THREE_DECIMAL:
        return 3
    return 0 if currency in ZERO_DECIMAL | SENT_TIMES_HUNDRED else 2


def gateway_step(currency: str, movement: Movement = "charge") -> int:
    """What an amount as the gateway counts must be divisible by."""
    _check_known(currency)
    if currency in SENT_TIMES_HUNDRED or (movement == "payout" and currency in PAID_OUT_WHOLE):
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def to_gateway(money: Money, movement: Movement = "charge") -> int:
    """The amount as the gateway counts it; raises BadMoney where it cannot move just this amount."""
    amount = money.minor * _factor(money.currency)
    step = gateway_step(money.currency, movement)
    if not 0 < amount <= LARGEST_AT_GATEWAY:
        raise BadMoney(f"the gateway moves 1 to {LARGEST_AT_GATEWAY} units of its own at a time")
    if amount % step:
        raise BadMoney(
            f"the gateway moves {money.currency} in steps of {step} for a {movement}; take movable_part first"
        )
    return amount


def from_gateway(amount: int, currency: str) -> Money:
    """Our amount for what the gateway told, whose currencies are written small; fees and refunds may be below nothing.

    Raises BadMoney for what is no whole number of our minor units: there is no such amount of that currency.
    """
    ours = currency.upper()
    if type(amount) is not int or amount % _factor(ours):
        raise BadMoney(f"the gateway told an amount of {ours} that is not whole")
    return Money(amount // _factor(ours), ours)


def movable_part(money: Money, movement: Movement = "charge") -> Money:
    """The largest part that can be moved in one go; the rest stays where it is, for the next time."""
    factor = _factor(money.currency)
    step = gateway_step(money.currency, movement)
    amount = min(max(money.minor, 0) * factor, LARGEST_AT_GATEWAY)
    return Money((amount - amount % max(step, factor)) // factor, money.currency)


def _factor(currency: str) -> int:
    """How many of the gateway's units one of our minor units is."""
    _check_known(currency)
    return 100 if currency in SENT_TIMES_HUNDRED else 1


def _check_known(currency: str) -> None:
    if currency not in KNOWN:
        raise BadMoney(f"{currency} is no currency that can be charged or paid out")
