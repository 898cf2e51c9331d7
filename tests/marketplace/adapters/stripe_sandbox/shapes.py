"""Compares what the stand-in keeps with Stripe's own schemas of its objects."""

from functools import cache

from jsonschema_rs import Draft202012Validator

from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.specification import response_schemas
from marketplace.adapters.stripe_sandbox.views import view

NOT_STRIPES = {"account_link", "balance", "clock", "conversion", "counter", "delivery", "due", "fault", "held", "saved"}
"""Tables of the stand-in's own, with no object of Stripe's in them."""


def shape_problems(sandbox: Sandbox) -> list[str]:
    """Every way in which a kept object differs from what Stripe says of it."""
    call = sandbox.call()
    return [
        f"{table}: {problem}"
        for table, rows in sandbox.store.tables.items()
        if table not in NOT_STRIPES
        for row in rows.values()
        for problem in object_problems(view(call.on(row["_account"]), row))
    ]


def object_problems(shown: Record) -> list[str]:
    """What Stripe's schema has against an object: wrong values, and fields that Stripe does not have."""
    name = f"deleted_{shown['object']}" if shown.get("deleted") else shown["object"]
    problems = [f"{error.instance_path} {error.message}"[:300] for error in _validator(name).iter_errors(shown)]
    unknown = shown.keys() - response_schemas()["$defs"][name]["properties"].keys()
    return problems + [f"{name} has no field {field}" for field in sorted(unknown)]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": response_schemas()["$defs"]})
