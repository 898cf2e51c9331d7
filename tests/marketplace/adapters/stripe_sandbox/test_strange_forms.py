"""No form, however strange, breaks the stand-in: it is carried out, or refused in Stripe's words."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.adapters.stripe_sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.operations import OPERATIONS
from marketplace.adapters.stripe_sandbox.specification import request_schemas
from tests.marketplace.adapters.stripe_sandbox.asking import Asker, paying

WORDS = ["", "0", "1", "-7", "99999999999", "true", "usd", "é", "pm_card_visa", "btok_us", "[hidden]", "evt_1"]


class Known(Asker):
    """A stand-in with one object of every kind."""

    def __init__(self) -> None:
        super().__init__(Sandbox())
        driver = self.driver()
        self.float()
        intent = self.post("/v1/payment_intents", **paying(9_000, capture_method="manual"))
        paid = self.post("/v1/payment_intents", **paying(9_000, "pm_card_createDispute"))
        transfer = self.post("/v1/transfers", amount=500, currency="usd", destination=driver)
        ids = [driver, intent["id"], intent["latest_charge"], paid["id"], paid["latest_charge"], transfer["id"]]
        ids += [self.post("/v1/customers")["id"], self.post("/v1/topups", amount=100, currency="usd")["id"]]
        ids += [self.post(f"/v1/transfers/{transfer['id']}/reversals", amount=1)["id"]]
        ids += [self.get("/v1/disputes")["data"][0]["id"], self.post("/v1/payouts", amount=5, currency="usd")["id"]]
        ids += [self.get("/v1/balance_transactions")["data"][0]["id"]]
        self.words = WORDS + ids


def shapes(words: list[str], schema: dict[str, Any], name: str) -> st.SearchStrategy[dict[str, str]]:
    """Ways to fill one parameter, as fields of a form."""
    choices = [st.sampled_from(words).map(lambda word: {name: word})]
    choices.append(st.sampled_from(words).map(lambda word: {f"{name}[]": word}))
    choices.append(
        st.tuples(st.sampled_from(["a", "0"]), st.sampled_from(words)).map(lambda two: {f"{name}[{two[0]}]": two[1]})
    )
    for choice in (schema, *schema.get("anyOf", ())):
        enum = [word for word in choice.get("enum", ()) if isinstance(word, str)]
        if enum:
            choices.append(st.sampled_from(enum).map(lambda word: {name: word}))
        for inner, inner_schema in list(choice.get("properties", {}).items())[:12]:
            choices.append(shapes(words, inner_schema, f"{name}[{inner}]"))
    return st.one_of(choices)


KNOWN = Known()


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@settings(max_examples=25, deadline=None)
@given(draw=st.data())
def test_every_form_gets_an_answer(operation: str, draw: st.DataObject) -> None:
    method, path = operation.split(" ")
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = (
            path[:start]
            + draw.draw(st.sampled_from([word for word in KNOWN.words if word.isascii() and word]))
            + path[end + 1 :]
        )
    properties = request_schemas()[operation]["properties"]
    modelled = sorted(OPERATIONS[operation].modelled & properties.keys())
    fields: dict[str, str] = {}
    for name in draw.draw(st.lists(st.sampled_from(modelled), max_size=6, unique=True)) if modelled else ():
        fields |= draw.draw(shapes(KNOWN.words, properties[name], name))

    answer = KNOWN.ask(method, path, **fields)

    assert answer.status in {200, 400, 402, 403, 404}
    assert orjson.loads(answer.body)["object" if answer.status == 200 else "error"]
