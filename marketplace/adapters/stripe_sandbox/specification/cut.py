"""Cuts the part that the stand-in speaks out of Stripe's whole published specification.

    python -m marketplace.adapters.stripe_sandbox.specification.cut spec3.json

To be run by hand when operations are added or the version moves; what it makes is committed.
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any, cast

from marketplace.adapters.stripe_sandbox.operations import OPERATIONS
from marketplace.adapters.stripe_sandbox.specification import REQUESTS, RESPONSES
from marketplace.adapters.stripe_sandbox.specification.overlay import RENAMED

Schema = dict[str, Any]

DROPPED = {"description", "title", "example", "encoding"}
KEPT_METHODS = {"card"}
"""Of the sixty kinds of payment methods, those whose details are kept."""
OBJECTS = (
    "account",
    "account_link",
    "balance",
    "balance_transaction",
    "bank_account",
    "capability",
    "card",
    "charge",
    "checkout.session",
    "customer",
    "deleted_account",
    "deleted_bank_account",
    "deleted_card",
    "deleted_customer",
    "deleted_webhook_endpoint",
    "dispute",
    "deleted_invoice",
    "deleted_invoiceitem",
    "event",
    "invoice",
    "invoice_payment",
    "invoiceitem",
    "line_item",
    "login_link",
    "payment_intent",
    "payment_method",
    "payout",
    "refund",
    "setup_intent",
    "topup",
    "transfer",
    "transfer_reversal",
    "webhook_endpoint",
    "error",
)
"""What the stand-in answers with, and what it can expand into."""


def main() -> None:
    """Reads the specification named on the command line and writes both compressed subsets."""
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    requests = {name: outlined(name, request_schema(whole, name)) for name in sorted(OPERATIONS)}
    responses = {"version": whole["info"]["version"], "$defs": closure(whole["components"]["schemas"])}
    for file, made in ((REQUESTS, requests), (RESPONSES, responses)):
        content = json.dumps(made, separators=(",", ":"), sort_keys=True).encode()
        file.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
        sys.stdout.write(f"{file.name}: {len(made)} entries, {len(content)} bytes, {file.stat().st_size} compressed\n")


def request_schema(whole: Schema, name: str) -> Schema:
    """The body of a POST, or the query of the others, with unknown names refused at every depth."""
    method, path = name.split(" ")
    operation = whole["paths"][path][method.lower()]
    if method == "POST":
        forms = operation["requestBody"]["content"]
        return cast("Schema", closed(trimmed(next(iter(forms.values()))["schema"])))
    query = [parameter for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    listed = closed(
        {
            "type": "object",
            "properties": {parameter["name"]: trimmed(parameter["schema"]) for parameter in query},
            "required": [parameter["name"] for parameter in query if parameter.get("required")],
        }
    )
    return cast("Schema", listed)


def outlined(name: str, schema: Schema) -> Schema:
    """Of parameters that the stand-in refuses anyway, only the names."""
    modelled = OPERATIONS[name].modelled
    heeded = modelled | {old for old, new in RENAMED.items() if new in modelled}
    for parameter in schema["properties"].keys() - heeded:
        schema["properties"][parameter] = {}
    return schema


def closure(schemas: Schema) -> Schema:
    """The objects we answer with, and every schema that they lean on."""
    found: Schema = {}
    wanted = list(OBJECTS)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = answer_schema(schemas[name])
            wanted.extend(references(found[name]))
    return found


def answer_schema(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON schema: `nullable` becomes a type, what is never expanded becomes a string."""
    if isinstance(schema, list):
        return [answer_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: answer_schema(value) for key, value in trimmed_once(schema).items() if key != "nullable"}
    if "$ref" in made:
        return {"$ref": made["$ref"].replace("#/components/schemas/", "#/$defs/")}
    if "x-expansionResources" in schema:
        made["anyOf"] = [part for part in made["anyOf"] if "$ref" not in part or _object_of(part) in OBJECTS]
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def references(schema: Any) -> list[str]:
    """Every name that a schema refers to."""
    if isinstance(schema, list):
        return [name for part in schema for name in references(part)]
    if not isinstance(schema, dict):
        return []
    own = [_object_of(schema)] if isinstance(schema.get("$ref"), str) else []
    return own + [name for part in schema.values() for name in references(part)]


def trimmed(schema: Any) -> Any:
    """The schema without what is written for people."""
    if isinstance(schema, list):
        return [trimmed(part) for part in schema]
    return {key: trimmed(value) for key, value in trimmed_once(schema).items()} if isinstance(schema, dict) else schema


def trimmed_once(schema: Schema) -> Schema:
    """One level of a schema without what is written for people; names of properties are never taken for keywords."""
    if "properties" in schema and not isinstance(schema["properties"], dict):
        return schema
    kept = {}
    for key, value in schema.items():
        is_prose = key in DROPPED and isinstance(value, str)
        if not is_prose and (not key.startswith("x-") or key == "x-expansionResources"):
            kept[key] = value
    if len(kept.get("properties", {})) > 40 and "type" in kept["properties"] and "card" in kept["properties"]:
        kept["properties"] = {
            name: value
            for name, value in kept["properties"].items()
            if name in KEPT_METHODS or not _is_method_detail(name, value)
        }
    return kept


def closed(schema: Any) -> Any:
    """Refuses unknown names in every object that lists its own."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made["additionalProperties"] = False
    return made


def _is_method_detail(name: str, value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("$ref", "")).endswith(f"_{name}")


def _object_of(schema: Schema) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


if __name__ == "__main__":
    main()
