"""A pay policy has exactly the known rates, whole and not negative; nobody is paid by guessing."""

from typing import Any

import pytest

from marketplace.markets import BadPayPolicy, PayPolicy
from tests.builders import PAY_RATES


def test_stored_rates_become_a_policy_and_come_back() -> None:
    policy = PayPolicy.of(4, PAY_RATES)

    assert (policy.version, policy.per_km_minor, policy.wait_grace_s) == (4, 180, 300)
    assert policy.rates() == PAY_RATES


def test_an_unknown_rate_is_refused() -> None:
    with pytest.raises(BadPayPolicy) as refusal:
        PayPolicy.of(1, PAY_RATES | {"per_parsec_minor": 9})

    assert (refusal.value.code, refusal.value.field) == ("BAD_PAY_POLICY", "per_parsec_minor")


@pytest.mark.parametrize("missing", sorted(PAY_RATES))
def test_a_missing_rate_is_refused(missing: str) -> None:
    rates = {name: rate for name, rate in PAY_RATES.items() if name != missing}

    with pytest.raises(BadPayPolicy) as refusal:
        PayPolicy.of(1, rates)

    assert refusal.value.field == missing


@pytest.mark.parametrize("wrong", [-1, 1.5, "180", True, None, 2**53])
def test_a_rate_that_is_not_a_whole_amount_is_refused(wrong: Any) -> None:
    with pytest.raises(BadPayPolicy) as refusal:
        PayPolicy.of(1, PAY_RATES | {"per_km_minor": wrong})

    assert refusal.value.field == "per_km_minor"
