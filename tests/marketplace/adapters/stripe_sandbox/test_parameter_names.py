"""The stand-in's parameters are those of the installed stripe package, name by name and at every depth."""

import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

import pytest
from stripe._request_options import RequestOptions

from marketplace.adapters.stripe_sandbox.operations import ALWAYS, OPERATIONS
from marketplace.adapters.stripe_sandbox.specification import request_schemas

VERBS = {"attach", "cancel", "capture", "close", "confirm", "detach", "expire", "mark_uncollectible", "pay", "reject"}
BY_NAME = {
    "GET /v1/account": "account_retrieve_current",
    "GET /v1/balance": "balance_retrieve",
    "GET /v1/invoices/{invoice}/lines": "invoice_line_item_list",
    "POST /v1/invoices/{invoice}/finalize": "invoice_finalize_invoice",
    "POST /v1/invoices/{invoice}/send": "invoice_send_invoice",
    "POST /v1/invoices/{invoice}/void": "invoice_void_invoice",
}
CLASS_NAME = re.compile(r"\w+Params\w+")


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_specification_and_package_name_the_same_parameters(operation: str) -> None:
    name = package_name(operation)
    folder = "checkout." if name.startswith("checkout_") else ""
    name = name.removeprefix("checkout_")
    module = importlib.import_module(f"stripe.params.{folder}_{name}_params")
    params = cast("type[Any]", getattr(module, camel(f"{name}_params")))

    assert sorted(differences(request_schemas()[operation], params, module, "")) == []


def test_every_modelled_parameter_exists() -> None:
    strange = {
        name: operation.modelled - ALWAYS - request_schemas()[name]["properties"].keys()
        for name, operation in OPERATIONS.items()
    }

    assert {name: names for name, names in strange.items() if names} == {}


def package_name(operation: str) -> str:
    """What the stripe package calls an operation: `POST /v1/transfers/{id}/reversals` is transfer_reversal_create."""
    if operation in BY_NAME:
        return BY_NAME[operation]
    method, path = operation.split(" ")
    steps = path.removeprefix("/v1/").split("/")
    steps = ["invoice_items" if step == "invoiceitems" else step for step in steps]
    nouns = [re.sub(r"ies$", "y", step).removesuffix("s") for step in steps if not step.startswith("{")]
    if steps[-1] in VERBS:
        return "_".join([*nouns[:-1], steps[-1]])
    names_one = steps[-1].startswith("{")
    verb = {
        ("POST", False): "create",
        ("POST", True): "update",
        ("GET", False): "list",
        ("GET", True): "retrieve",
        ("DELETE", True): "delete",
    }[method, names_one]
    return "_".join([*nouns, verb])


def camel(name: str) -> str:
    """`transfer_create_params` as the name of a class."""
    return "".join(part.capitalize() for part in name.split("_"))


def differences(schema: dict[str, Any], params: type[Any], module: ModuleType, path: str) -> Iterator[str]:
    """Names that only one of the two has, here and below."""
    annotations = {
        name: str(annotation)
        for parent in reversed(params.__mro__)
        for name, annotation in getattr(parent, "__annotations__", {}).items()
        if name not in RequestOptions.__annotations__
    }
    here, there = set(schema.get("properties", {})), set(annotations)
    for name in here ^ there:
        yield f"{path}{name} is only in the {'specification' if name in here else 'package'}"
    for name in here & there:
        inner = [getattr(module, found) for found in CLASS_NAME.findall(annotations[name]) if hasattr(module, found)]
        shapes = object_shapes(schema["properties"][name])
        if len(inner) == 1 and len(shapes) == 1:
            yield from differences(shapes[0], inner[0], module, f"{path}{name}.")


def object_shapes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects with names of their own that a value may be."""
    choices = [schema, *schema.get("anyOf", ())]
    choices += [choice["items"] for choice in choices if "items" in choice]
    return [choice for choice in choices if choice.get("properties")]
