"""Forms are read as Stripe reads them: brackets nest, empty brackets count."""

import pytest

from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.forms import parse_form
from marketplace.adapters.stripe_sandbox.validation import checked


@pytest.mark.parametrize(
    ("form", "nested"),
    [
        ("", {}),
        ("amount=5&currency=usd", {"amount": "5", "currency": "usd"}),
        ("metadata[a]=1&metadata[b]=", {"metadata": {"a": "1", "b": ""}}),
        ("expand[]=charge&expand[]=customer", {"expand": {"0": "charge", "1": "customer"}}),
        ("expand[0]=charge&expand[1]=customer", {"expand": {"0": "charge", "1": "customer"}}),
        ("lines[][a]=1&lines[][b]=2&lines[][a]=3", {"lines": {"0": {"a": "1", "b": "2"}, "1": {"a": "3"}}}),
        ("a[b][c]=caf%C3%A9+%26", {"a": {"b": {"c": "café &"}}}),
        ("metadata=", {"metadata": ""}),
        ("amount=5&amount=6", {"amount": "6"}),
    ],
)
def test_brackets_nest(form: str, nested: dict[str, object]) -> None:
    assert parse_form(form) == nested


@pytest.mark.parametrize("form", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b=1", "]=1", "a" + "[b]" * 20 + "=1", "&&&"])
def test_nonsense_is_a_typed_error(form: str) -> None:
    with pytest.raises(StripeError):
        parse_form(form)


def test_the_specification_gives_text_its_types() -> None:
    form = parse_form(
        "amount=500&currency=usd&confirm=true&metadata[number]=5&allowed_payment_method_types[]=card"
        "&automatic_payment_methods[enabled]=false&expand[10]=b&expand[9]=a"
    )

    assert checked("POST /v1/payment_intents", form) == {
        "amount": 500,
        "currency": "usd",
        "confirm": True,
        "metadata": {"number": "5"},
        "allowed_payment_method_types": ["card"],
        "automatic_payment_methods": {"enabled": False},
        "expand": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("form", "params"), [("created=5", {"created": 5}), ("created[gte]=5", {"created": {"gte": 5}})]
)
def test_a_parameter_may_have_several_shapes(form: str, params: dict[str, object]) -> None:
    assert checked("GET /v1/transfers", parse_form(form)) == params


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ("currency=usd", "parameter_missing", "amount"),
        ("amount=5.0&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=" + "9" * 5_000 + "&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=1e3&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=%D9%A5&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=5&currency=usd&capture_method=later", None, "capture_method"),
        ("amount=5&currency=usd&metadata[a][b]=1", None, "metadata[a]"),
        ("amount=5&currency=usd&automatic_payment_methods[on]=1", "parameter_unknown", "automatic_payment_methods[on]"),
    ],
)
def test_what_the_specification_refuses_is_named(form: str, code: str | None, param: str) -> None:
    with pytest.raises(StripeError) as refusal:
        checked("POST /v1/payment_intents", parse_form(form))

    assert (refusal.value.error.get("code"), refusal.value.error["param"]) == (code, param)
