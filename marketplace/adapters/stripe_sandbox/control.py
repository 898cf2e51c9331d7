"""The control: what only a stand-in can do. Moves its clock, breaks it on purpose, plays bank, card holder and driver.

Every command is JSON under `/_sandbox`; `GET /_sandbox` lists them.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from marketplace.adapters.stripe_sandbox.account_links import follow_link, onboard
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.checkout_page import PAID, act, show_page
from marketplace.adapters.stripe_sandbox.confirming import answer_payment_question
from marketplace.adapters.stripe_sandbox.conversion import set_conversion
from marketplace.adapters.stripe_sandbox.courier import Courier
from marketplace.adapters.stripe_sandbox.deliveries import queue_delivery
from marketplace.adapters.stripe_sandbox.disputes import open_dispute, settle_dispute
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing
from marketplace.adapters.stripe_sandbox.events import wants
from marketplace.adapters.stripe_sandbox.external_accounts import add_external_account
from marketplace.adapters.stripe_sandbox.faults import script_fault
from marketplace.adapters.stripe_sandbox.idempotency import forget
from marketplace.adapters.stripe_sandbox.payouts import fail_payout, pay_payout
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.refunds import fail_refund
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.setup_intents import answer_setup_question
from marketplace.adapters.stripe_sandbox.sums import sums
from marketplace.adapters.stripe_sandbox.verification import ask_for, reject, review
from marketplace.adapters.stripe_sandbox.views import view

PREFIX = "/_sandbox"
Command = Callable[["Control", dict[str, str], Record], Any]


class Control:
    """The commands, on one stand-in."""

    def __init__(self, sandbox: Sandbox, courier: Courier) -> None:
        self.sandbox = sandbox
        self.courier = courier

    async def obey(self, method: str, path: str, wishes: Record) -> Record:
        """Carries one command out; a StripeError says what was wrong with it."""
        for name, command in COMMANDS.items():
            verb, _, template = name.partition(" ")
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", PREFIX + template)
            if verb == method and (match := re.fullmatch(pattern, path)):
                self.sandbox.catch_up()
                done = command(self, match.groupdict(), wishes)
                done = await done if isinstance(done, Awaitable) else done
                return done if isinstance(done, dict) else {"done": done}
        raise StripeError(f"There is no command {method} {path}; GET {PREFIX} lists them.", status=404)

    def follow(self, link: str) -> str:
        """The page to which the onboarding page of a link leads."""
        return self.sandbox.change(lambda call: follow_link(call, link))

    def checkout(self, key: str, said: str = "") -> str:
        """The page of a checkout session."""
        self.sandbox.catch_up()
        return show_page(self.sandbox.call(), key, said)

    def check_out(self, key: str, action: str, card: str) -> tuple[str, str]:
        """What the payer did on it, and what follows."""
        self.sandbox.catch_up()
        return self.sandbox.change(lambda call: act(call, key, action, card))

    def on_object(self, table: str, key: str, verb: Callable[[Call, Record], Record]) -> Record:
        """Does something to an object, on the books of the account that it belongs to."""

        def change(call: Call) -> Record:
            record = call.draft.get(table, key)
            if record is None:
                raise missing(table, key)
            there = call.on(record["_account"])
            return view(there, verb(there, record))

        return self.sandbox.change(change)


def _list_commands(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del control, path, wishes
    return {"commands": {name.replace(" ", f" {PREFIX}", 1): WHAT_FOR[name] for name in COMMANDS}}


def _clock(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path
    clock = control.sandbox.clock
    if "advance_s" in wishes:
        wishes = wishes | {"now": clock.now() + int(wishes["advance_s"])}
    if wishes:
        control.sandbox.move_clock(now=wishes.get("now"), rate=wishes.get("rate"))
    return {"now": clock.now(), "rate": clock.rate}


def _add_fault(target: str) -> Command:
    def add(control: Control, path: dict[str, str], wishes: Record) -> Record:
        del path
        return control.sandbox.change(lambda call: script_fault(call, target, wishes))

    return add


def _list_faults(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path, wishes
    return {"faults": list(control.sandbox.store.tables["fault"].values())}


def _clear_faults(control: Control, path: dict[str, str], wishes: Record) -> int:
    del path, wishes

    def clear(call: Call) -> int:
        rows = [row["id"] for row in call.draft.rows("fault")]
        for row in rows:
            call.draft.remove("fault", row)
        return len(rows)

    return control.sandbox.change(clear)


def _convert(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path
    return control.sandbox.change(lambda call: set_conversion(call, wishes))


def _fail_card(control: Control, path: dict[str, str], wishes: Record) -> Record:
    def fail(call: Call, method: Record) -> Record:
        del call
        method["_fails_with"] = wishes.get("reason", "generic_decline")
        return method

    return control.on_object("payment_method", path["payment_method"], fail)


def _authenticate_payment(control: Control, path: dict[str, str], wishes: Record) -> Record:
    def answer(call: Call, intent: Record) -> Record:
        _must_be(intent, "requires_action")
        return answer_payment_question(call, intent, succeeds=wishes.get("succeeds", True))

    return control.on_object("payment_intent", path["intent"], answer)


def _authenticate_setup(control: Control, path: dict[str, str], wishes: Record) -> Record:
    def answer(call: Call, intent: Record) -> Record:
        _must_be(intent, "requires_action")
        return answer_setup_question(call, intent, succeeds=wishes.get("succeeds", True))

    return control.on_object("setup_intent", path["intent"], answer)


def _check_out(control: Control, path: dict[str, str], wishes: Record) -> Record:
    outcome, said = control.check_out(path["session"], wishes.get("action", "pay"), wishes.get("card", "visa"))
    return {"outcome": outcome, "said" if outcome != PAID else "url": said}


def _dispute(control: Control, path: dict[str, str], wishes: Record) -> Record:
    reason, amount = wishes.get("reason", "fraudulent"), wishes.get("amount")
    return control.on_object(
        "charge", path["charge"], lambda call, charge: open_dispute(call, charge, reason=reason, amount=amount)
    )


def _close_dispute(control: Control, path: dict[str, str], wishes: Record) -> Record:
    status = wishes.get("status")
    if status not in {"won", "lost"}:
        raise StripeError("A dispute is closed with a status of won or lost.", param="status")
    return control.on_object(
        "dispute", path["dispute"], lambda call, dispute: settle_dispute(call, dispute, str(status))
    )


def _verify(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del wishes
    return control.on_object("account", path["account"], onboard)


def _require(control: Control, path: dict[str, str], wishes: Record) -> Record:
    fields = wishes.get("fields", ["individual.verification.document"])
    deadline = wishes.get("deadline")
    return control.on_object("account", path["account"], lambda call, account: ask_for(call, account, fields, deadline))


def _reject(control: Control, path: dict[str, str], wishes: Record) -> Record:
    reason = wishes.get("reason", "rejected.other")
    return control.on_object("account", path["account"], lambda call, account: reject(call, account, reason))


def _add_bank(control: Control, path: dict[str, str], wishes: Record) -> Record:
    def add(call: Call, account: Record) -> Record:
        known = {name: value for name, value in wishes.items() if name not in {"token", "returns_with"}}
        given: Record | str = wishes.get("token") or ({"object": "bank_account"} | known)
        external = add_external_account(call.on(account["id"]), account, given, is_default=True)
        external["_returns_with"] = wishes.get("returns_with")
        review(call, account)
        return external

    return control.on_object("account", path["account"], add)


def _fail_payout(control: Control, path: dict[str, str], wishes: Record) -> Record:
    reason = wishes.get("reason", "account_closed")
    return control.on_object("payout", path["payout"], lambda call, payout: fail_payout(call, payout, reason))


def _pay_payout(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del wishes
    return control.on_object("payout", path["payout"], pay_payout)


def _fail_refund(control: Control, path: dict[str, str], wishes: Record) -> Record:
    def fail(call: Call, refund: Record) -> Record:
        _must_be(refund, "succeeded")
        return fail_refund(call, refund)

    del wishes
    return control.on_object("refund", path["refund"], fail)


def _forget_keys(control: Control, path: dict[str, str], wishes: Record) -> int:
    del path
    return control.sandbox.change(lambda call: forget(call, wishes.get("keys")))


def _requests(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path, wishes
    return {"requests": list(control.sandbox.requests)}


def _deliveries(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path, wishes
    return {"deliveries": list(control.sandbox.store.tables["delivery"].values())}


async def _deliver(control: Control, path: dict[str, str], wishes: Record) -> int:
    del path, wishes
    return await control.courier.deliver_due()


def _resend(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del wishes

    def resend(call: Call, event: Record) -> Record:
        for endpoint in call.draft.rows("webhook_endpoint"):
            if wants(endpoint, event["_account"], event["type"]):
                queue_delivery(call, endpoint, event)
        return event

    return control.on_object("event", path["event"], resend)


def _sums(control: Control, path: dict[str, str], wishes: Record) -> Record:
    del path, wishes
    return sums(control.sandbox.call())


def _must_be(record: Record, status: str) -> None:
    if record["status"] != status:
        raise StripeError(f"{record['id']} is {record['status']}, not {status}.")


_TABLE: tuple[tuple[str, Command, str], ...] = (
    ("GET ", _list_commands, "Lists these commands."),
    ("GET /clock", _clock, "Tells the time of the stand-in and its pace."),
    ("POST /clock", _clock, "Sets it: `advance_s` or `now` forward, `rate` for its pace, 0 to stop it."),
    ("GET /faults", _list_faults, "Lists scripts and how often each has struck."),
    ("POST /faults", _add_fault("requests"), "Scripts what requests shall meet: `fault`, `match`, `times`, `after` …"),
    ("POST /webhook_faults", _add_fault("webhooks"), "The same for events on their way."),
    ("DELETE /faults", _clear_faults, "Takes every script back."),
    ("POST /conversions", _convert, "What is charged `from` one currency settles in `to` another at `rate`, from now."),
    ("POST /payment_methods/{payment_method}/fail", _fail_card, "Declines a card with `reason`; null heals it."),
    ("POST /payment_intents/{intent}/authenticate", _authenticate_payment, "Answers the bank's question: `succeeds`."),
    ("POST /setup_intents/{intent}/authenticate", _authenticate_setup, "Answers the bank's question: `succeeds`."),
    (
        "POST /checkout/{session}/pay",
        _check_out,
        "Somebody pays on a page: `card`, `action` pay, authenticate or fail.",
    ),
    ("POST /charges/{charge}/dispute", _dispute, "The card's owner wants the money back: `reason`, `amount`."),
    ("POST /disputes/{dispute}/close", _close_dispute, "The bank decides: `status` won or lost."),
    ("POST /refunds/{refund}/fail", _fail_refund, "The card refuses to take a refund."),
    ("POST /accounts/{account}/verify", _verify, "A driver has told everything and is believed."),
    ("POST /accounts/{account}/require", _require, "Stripe wants more: `fields`, `deadline`."),
    ("POST /accounts/{account}/reject", _reject, "Stripe turns a driver away: `reason`."),
    (
        "POST /accounts/{account}/bank",
        _add_bank,
        "A driver adds a bank account: `account_number` or `token`; `returns_with` sends paid payouts back.",
    ),
    ("POST /payouts/{payout}/fail", _fail_payout, "The bank sends a payout back, even a paid one: `reason`."),
    ("POST /payouts/{payout}/pay", _pay_payout, "The bank has a payout now."),
    ("POST /keys/forget", _forget_keys, "Prunes idempotency keys: `keys`, or all."),
    ("GET /requests", _requests, "The log of requests since the start, nothing personal in it."),
    ("GET /deliveries", _deliveries, "Every event on its way to an endpoint, and what became of it."),
    ("POST /deliveries/send", _deliver, "Sends what is due now and waits for the answers."),
    ("POST /events/{event}/resend", _resend, "Sends an event again."),
    ("GET /sums", _sums, "Sums over all accounts: what came in, went out, moved inside; and the number of objects."),
)
COMMANDS: dict[str, Command] = {name: command for name, command, _ in _TABLE}
WHAT_FOR = {name: what_for for name, _, what_for in _TABLE}
