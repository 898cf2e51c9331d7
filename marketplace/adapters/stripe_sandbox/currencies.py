"""Currencies as Stripe counts them: which have no minor unit, which amounts cannot be paid, what is too small."""

from marketplace.adapters.stripe_sandbox.errors import StripeError


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
SENT_TIMES_HUNDRED = frozenset({"isk", "ugx"})
"""Have no minor unit, but are sent as if they had two decimals, which must be zero."""
PAID_OUT_WHOLE = frozenset({"huf", "twd"})
"""Are charged with two decimals and paid out without."""
OTHERS = _codes(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop"
    " crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs"
    " khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen"
    " pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah uyu"
    " uzs wst xcd yer zar zmw"
)
LARGEST = 99_999_999
"""Stripe takes eight digits."""
SMALLEST_CHARGE = {"usd": 50, "cad": 50, "eur": 50, "aud": 50, "nzd": 50, "chf": 50, "gbp": 30, "jpy": 50, "mxn": 1000}
"""In minor units; a currency that is not named may be charged from one unit on."""


def check_currency(currency: str) -> str:
    """The currency in small letters, where Stripe knows it."""
    small = currency.lower()
    if small not in ZERO_DECIMAL | THREE_DECIMAL | OTHERS:
        raise StripeError(f"Invalid currency: {currency}", param="currency")
    return small


def check_amount(amount: int, currency: str, *, is_payout: bool = False) -> None:
    """Refuses amounts that cannot be moved in this currency."""
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if amount > LARGEST:
        raise StripeError("Amount must be no more than 99999999", code="amount_too_large", param="amount")
    step = 1
    if currency in SENT_TIMES_HUNDRED or (is_payout and currency in PAID_OUT_WHOLE):
        step = 100
    elif currency in THREE_DECIMAL:
        step = 10
    if amount % step:
        raise StripeError(
            f"Amounts in {currency} must be divisible by {step}.", code="parameter_invalid_integer", param="amount"
        )


def check_charge(amount: int, currency: str) -> None:
    """Refuses what is too small to be charged."""
    check_amount(amount, currency)
    if amount < SMALLEST_CHARGE.get(currency, 1):
        raise StripeError(
            f"The amount is below the smallest charge of {SMALLEST_CHARGE[currency]} {currency}.",
            code="amount_too_small",
            param="amount",
        )


def processing_fee(amount: int, currency: str) -> int:
    """What Stripe keeps of a card charge: 2.9 % and a fixed part, rounded half up."""
    fixed = 0 if currency in ZERO_DECIMAL else 30
    return min(amount, (amount * 29 + 500) // 1000 + fixed)
