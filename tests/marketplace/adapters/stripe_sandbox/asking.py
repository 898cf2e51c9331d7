"""Asks a stand-in in the same process, without a network: quick enough for thousands of requests."""

from typing import Any
from urllib.parse import urlencode

import orjson

from marketplace.adapters.stripe_sandbox import Answer, Door, Request, Sandbox

SECRET = "Bearer sk_test_stand_in"


class Asker:
    """A caller of one stand-in whose clock stands still unless the test moves it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.door = Door(sandbox)
        sandbox.move_clock(rate=0)

    def ask(
        self, method: str, path: str, /, *, account: str | None = None, key: str | None = None, **fields: Any
    ) -> Answer:
        """One request; fields are given as on the wire, `{"expand[]": "charge"}`."""
        headers = {"authorization": SECRET}
        headers |= {"stripe-account": account} if account else {}
        headers |= {"idempotency-key": key} if key else {}
        return self.raw(method, path, urlencode(fields), headers)

    def raw(self, method: str, path: str, form: str = "", headers: dict[str, str] | None = None) -> Answer:
        """One request with every part given."""
        body, query = (form.encode(), "") if method == "POST" else (b"", form)
        headers = {"authorization": SECRET} if headers is None else headers
        return self.door.answer(Request(method=method, path=path, query=query, headers=headers, body=body))

    def post(self, path: str, /, **more: Any) -> dict[str, Any]:
        """What a POST answers, which must go well."""
        return told(self.ask("POST", path, **more))

    def get(self, path: str, /, **more: Any) -> dict[str, Any]:
        """What a GET answers, which must go well."""
        return told(self.ask("GET", path, **more))

    def pass_time(self, seconds: int) -> None:
        """Lets time pass."""
        self.sandbox.move_clock(now=self.sandbox.clock.now() + seconds)

    def float(self, amount: int = 1_000_000) -> None:
        """Puts money on the platform's available balance."""
        self.post("/v1/payment_intents", **paying(amount, "pm_card_bypassPending"))

    def driver(self) -> str:
        """A verified connected account with a bank account and a debit card."""
        fields = {
            "controller[requirement_collection]": "application",
            "capabilities[transfers][requested]": "true",
            "business_type": "individual",
            "business_profile[mcc]": "4215",
            "business_profile[product_description]": "Deliveries",
            "individual[first_name]": "Jenny",
            "individual[last_name]": "Rosen",
            "individual[dob][day]": "1",
            "individual[dob][month]": "1",
            "individual[dob][year]": "1901",
            "tos_acceptance[date]": "1767225600",
            "tos_acceptance[ip]": "203.0.113.7",
            "external_account": "btok_us_verified",
        }
        account = self.post("/v1/accounts", **fields)
        assert account["payouts_enabled"] is True
        self.post(
            f"/v1/accounts/{account['id']}/external_accounts", external_account="tok_visa_debit_us_transferSuccess"
        )
        return str(account["id"])


def paying(amount: int, card: str = "pm_card_visa", /, **more: Any) -> dict[str, Any]:
    """The fields of a payment that is confirmed at once."""
    return {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        **more,
    }


def told(answer: Answer) -> dict[str, Any]:
    """The body of an answer that must have gone well."""
    content: dict[str, Any] = orjson.loads(answer.body)
    assert answer.status == 200, content
    return content


def error_of(answer: Answer) -> dict[str, Any]:
    """The error of an answer."""
    error: dict[str, Any] = orjson.loads(answer.body)["error"]
    return error
