"""The front door: who may come in, what is said to strangers, and what a request leaves behind."""

import pytest

from marketplace.adapters.stripe_sandbox import API_VERSION, Sandbox
from tests.marketplace.adapters.stripe_sandbox.asking import SECRET, Asker, error_of, paying, told


@pytest.fixture
def asker() -> Asker:
    """A caller of a fresh stand-in."""
    return Asker(Sandbox())


@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        ("", "did not provide"),
        ("Basic abc", "did not provide"),
        ("Bearer sk_live_abc", "live key"),
        ("Bearer rk_live_abc", "live key"),
        ("Bearer pk_test_abc", "Invalid API Key"),
        ("Bearer sk_test_", "Invalid API Key"),
    ],
)
def test_only_test_keys_come_in(asker: Asker, authorization: str, says: str) -> None:
    answer = asker.raw("GET", "/v1/balance", headers={"authorization": authorization})

    assert answer.status == 401
    assert says in error_of(answer)["message"]
    assert "sk_live_abc" not in str(list(asker.sandbox.requests))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("PUT", "/v1/customers", 404), ("GET", "/v1/transfers/tr_1/reversals/x/y", 404)],
)
def test_an_unknown_path_is_told(asker: Asker, method: str, path: str, status: int) -> None:
    assert asker.raw(method, path).status == status


@pytest.mark.parametrize(("version", "status"), [(API_VERSION, 200), ("2026-05-27.dahlia", 400)])
def test_one_version_is_spoken(asker: Asker, version: str, status: int) -> None:
    answer = asker.raw("GET", "/v1/balance", headers={"authorization": SECRET, "stripe-version": version})

    assert (answer.status, answer.headers["Stripe-Version"]) == (status, API_VERSION)


def test_what_is_not_modelled_is_said_rather_than_skipped(asker: Asker) -> None:
    answer = asker.ask("POST", "/v1/payment_intents", **paying(1_000, application_fee_amount=5))

    assert (answer.status, error_of(answer)["code"]) == (400, "not_modelled_by_stand_in")
    assert asker.get("/v1/payment_intents")["data"] == []


def test_json_is_not_a_form(asker: Asker) -> None:
    answer = asker.raw("POST", "/v1/customers", "{}", {"authorization": SECRET, "content-type": "application/json"})

    assert answer.status == 400


def test_a_key_may_have_255_letters(asker: Asker) -> None:
    assert asker.ask("POST", "/v1/customers", key="k" * 255).status == 200
    assert asker.ask("POST", "/v1/customers", key="k" * 256).status == 400


def test_a_key_of_one_account_is_another_ones_too(asker: Asker) -> None:
    driver = asker.driver()

    own = told(asker.ask("POST", "/v1/customers", key="same"))
    theirs = told(asker.ask("POST", "/v1/customers", key="same", account=driver))

    assert own["id"] != theirs["id"]


def test_a_key_belongs_to_its_path(asker: Asker) -> None:
    asker.ask("POST", "/v1/customers", key="same")

    answer = asker.ask("POST", "/v1/topups", key="same", amount=5_000, currency="usd")

    assert (answer.status, error_of(answer)["type"]) == (400, "idempotency_error")


def test_a_refused_request_changes_nothing(asker: Asker) -> None:
    driver = asker.driver()
    before = asker.sandbox.store.tables["balance_transaction"].copy(), len(asker.sandbox.store.tables["event"])

    answer = asker.ask("POST", "/v1/transfers", amount=5, currency="usd", destination=driver)

    assert error_of(answer)["code"] == "balance_insufficient"
    assert before == (asker.sandbox.store.tables["balance_transaction"], len(asker.sandbox.store.tables["event"]))


def test_ids_are_expanded_as_deep_as_asked(asker: Asker) -> None:
    fields = paying(1_000, **{"expand[0]": "latest_charge.balance_transaction.source", "expand[1]": "payment_method"})

    intent = asker.post("/v1/payment_intents", **fields)

    assert intent["latest_charge"]["balance_transaction"]["source"]["id"] == intent["latest_charge"]["id"]
    assert intent["payment_method"]["card"]["last4"] == "4242"
    listed = asker.get("/v1/payment_intents", **{"expand[]": "data.latest_charge"})
    assert listed["data"][0]["latest_charge"]["amount"] == 1_000
    assert asker.ask("GET", "/v1/balance", **{"expand[]": "colour"}).status == 400


def test_lists_are_narrowed_by_age(asker: Asker) -> None:
    first = asker.post("/v1/customers")
    asker.pass_time(60)
    second = asker.post("/v1/customers")

    younger = asker.get("/v1/customers", **{"created[gt]": first["created"]})
    older = asker.get("/v1/customers", **{"created[lte]": first["created"]})

    assert [one["id"] for one in younger["data"]] == [second["id"]]
    assert [one["id"] for one in older["data"]] == [first["id"]]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_a_hundred_at_most(asker: Asker, limit: int) -> None:
    assert error_of(asker.ask("GET", "/v1/customers", limit=limit))["param"] == "limit"
