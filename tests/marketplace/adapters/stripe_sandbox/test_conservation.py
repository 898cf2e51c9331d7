"""Whatever is asked in whatever order, money is neither made nor lost, and every balance is the sum of its lines."""

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.adapters.stripe_sandbox import PLATFORM, Sandbox
from marketplace.adapters.stripe_sandbox.disputes import open_dispute, settle_dispute
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.payouts import fail_payout
from marketplace.adapters.stripe_sandbox.sums import INSIDE, sums
from tests.marketplace.adapters.stripe_sandbox.asking import Asker, paying
from tests.marketplace.adapters.stripe_sandbox.shapes import shape_problems

CARDS = [
    "pm_card_visa",
    "pm_card_bypassPending",
    "pm_card_chargeDeclined",
    "pm_card_refundFail",
    "pm_card_createDispute",
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("charge", "authorise", "capture", "cancel", "refund", "transfer", "sourced", "reverse", "payout"),
                *("instant", "fail_payout", "cancel_payout", "dispute", "settle_dispute", "topup", "wait"),
            ]
        ),
        st.integers(0, 2**16),
        st.sampled_from(["usd", "clp"]),
    ),
    min_size=12,
    max_size=40,
)

SEARCH = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # histories are short enough to read as they are
)


class History:
    """Random steps on one stand-in; what is refused is refused."""

    def __init__(self) -> None:
        self.asker = Asker(Sandbox())
        self.drivers = [self.asker.driver() for _ in range(2)]
        self.asker.float(200_000)

    def step(self, kind: str, number: int, currency: str) -> None:
        """One step; numbers pick objects, cards and amounts."""
        driver = self.drivers[number % 2]
        amount = 100 + number
        if kind in {"charge", "authorise"}:
            method = "manual" if kind == "authorise" else "automatic"
            fields = paying(amount, CARDS[number % len(CARDS)], currency=currency, capture_method=method)
            self._ask("/v1/payment_intents", fields)
        elif kind in {"capture", "cancel"} and (intent := self._pick("payment_intent", number)):
            fields = {"amount_to_capture": max(1, intent["amount"] // 2)} if kind == "capture" else {}
            self._ask(f"/v1/payment_intents/{intent['id']}/{kind}", fields)
        elif kind == "refund" and (charge := self._pick("charge", number)):
            self._ask("/v1/refunds", {"charge": charge["id"], "amount": max(1, charge["amount"] // 3)})
        elif kind == "transfer":
            self._ask("/v1/transfers", {"amount": amount, "currency": currency, "destination": driver})
        elif kind == "sourced" and (charge := self._pick("charge", number)):
            fields = {"amount": max(1, charge["amount"] // 2), "currency": charge["currency"], "destination": driver}
            self._ask("/v1/transfers", fields | {"source_transaction": charge["id"]})
        elif kind == "reverse" and (transfer := self._pick("transfer", number)):
            self._ask(f"/v1/transfers/{transfer['id']}/reversals", {"amount": max(1, transfer["amount"] // 2)})
        elif kind in {"payout", "instant"}:
            self._pay_out(kind, number, driver)
        elif kind == "topup":
            self._ask("/v1/topups", {"amount": amount, "currency": currency})
        elif kind == "wait":
            self.asker.pass_time(number * 4)
        else:
            self._act(kind, number)

    def _pay_out(self, kind: str, number: int, driver: str) -> None:
        fields: dict[str, Any] = {"amount": 50 + number // 8, "currency": "usd"}
        if kind == "instant":
            [card] = self.asker.get(f"/v1/accounts/{driver}/external_accounts", object="card")["data"]
            fields |= {"method": "instant", "destination": card["id"]}
        self._ask("/v1/payouts", fields, account=PLATFORM if number % 3 == 0 else driver)

    def _act(self, kind: str, number: int) -> None:
        """What a bank or a card's owner does."""
        table = {"dispute": "charge", "settle_dispute": "dispute"}.get(kind, "payout")
        record = self._pick(table, number)
        if record is None:
            return
        if kind == "cancel_payout":
            self._ask(f"/v1/payouts/{record['id']}/cancel", {}, account=record["_account"])
            return
        sandbox = self.asker.sandbox
        call = sandbox.call()
        there, found = call.on(record["_account"]), call.draft.get(table, record["id"])
        assert found is not None
        try:
            if kind == "dispute":
                open_dispute(there, found, reason="fraudulent")
            elif kind == "settle_dispute":
                settle_dispute(there, found, "won" if number % 2 else "lost")
            else:
                fail_payout(there, found, "account_closed")
        except StripeError:
            return
        sandbox.keep(call)

    def _ask(self, path: str, fields: dict[str, Any], account: str | None = None) -> None:
        assert self.asker.ask("POST", path, account=account, **fields).status in {200, 400, 402, 404}

    def _pick(self, table: str, number: int) -> dict[str, Any] | None:
        rows = [row for row in self.asker.sandbox.store.tables[table].values() if not row["id"].startswith("py_")]
        return rows[number % len(rows)] if rows else None


@SEARCH
@given(STEPS)
def test_money_is_neither_made_nor_lost(steps: list[tuple[str, int, str]]) -> None:
    history = History()

    for kind, number, currency in steps:
        history.step(kind, number, currency)
    history.asker.pass_time(30 * 86_400)

    tables = history.asker.sandbox.store.tables
    lines: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for line in tables["balance_transaction"].values():
        lines[line["_account"], line["currency"], line["status"]] += line["net"]
        assert line["net"] == line["amount"] - line["fee"]
        assert line["status"] == "available", "after a month everything has settled"
    for balance in tables["balance"].values():
        for currency, parts in balance["currencies"].items():
            assert parts["available"] == lines[balance["_account"], currency, "available"]
            assert parts["pending"] == 0
            assert parts["available"] >= 0 or balance["_account"] == PLATFORM, "drivers are never overdrawn"
    told = sums(history.asker.sandbox.call())
    assert set(told["inside"].values()) <= {0}
    assert told["held"] == {key: value for key, value in told["outside"].items() if key in told["held"]}
    assert shape_problems(history.asker.sandbox) == []


@SEARCH
@given(STEPS)
def test_nothing_is_given_twice(steps: list[tuple[str, int, str]]) -> None:
    history = History()

    for kind, number, currency in steps:
        history.step(kind, number, currency)

    tables = history.asker.sandbox.store.tables
    for charge in tables["charge"].values():
        given = [
            one for one in tables["refund"].values() if one["charge"] == charge["id"] and one["status"] != "failed"
        ]
        assert sum(one["amount"] for one in given) <= charge["amount_captured"]
        assert 0 <= charge["amount_refunded"] <= charge["amount"]
    for transfer in tables["transfer"].values():
        back = [one["amount"] for one in tables["transfer_reversal"].values() if one["transfer"] == transfer["id"]]
        assert sum(back) == transfer["amount_reversed"] <= transfer["amount"]
    for payout in tables["payout"].values():
        kinds = [line["type"] for line in tables["balance_transaction"].values() if line["source"] == payout["id"]]
        assert len(kinds) == (2 if payout["status"] in {"failed", "canceled"} else 1)
    assert {line["type"] for line in tables["balance_transaction"].values()} <= INSIDE | {
        *("charge", "refund", "refund_failure", "payout", "payout_cancel", "payout_failure", "topup", "adjustment")
    }
