"""Checks parameters against Stripe's specification and gives them their types: on the wire everything is text."""

import re
from functools import cache
from typing import Any, NoReturn

from jsonschema_rs import Draft202012Validator, ValidationError

from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.specification import request_schemas

GONE = {"payment_method_types": "payment_method_types_no_longer_supported"}
"""Parameters that this version refuses with a code of their own."""
INTEGER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def checked(operation: str, form: Record) -> Record:
    """The parameters of an operation with their types; a StripeError where the specification says no."""
    schema = request_schemas()[operation]
    for name in form.keys() & GONE.keys() - schema["properties"].keys():
        raise StripeError(f"The parameter {name} is no longer supported.", code=GONE[name], param=name)
    params: Record = _typed(schema, form)
    problems = sorted(_validator(operation).iter_errors(params), key=_severity)
    if problems:
        _refuse(problems[0], params)
    return params


@cache
def _validator(operation: str) -> Draft202012Validator:
    return Draft202012Validator(request_schemas()[operation])


def _typed(schema: dict[str, Any], value: Any) -> Any:
    """The value as the schema wants it, where the text allows; what does not fit is left for the validator to name."""
    if "anyOf" in schema:
        return _typed(_fitting(schema["anyOf"], value), value)
    kind = schema.get("type")
    if isinstance(value, dict):
        if kind == "array":
            in_order = sorted(value.items(), key=lambda pair: (len(pair[0]), pair[0]))
            return [_typed(schema.get("items", {}), member) for _, member in in_order]
        own, other = schema.get("properties", {}), schema.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        return {name: _typed(own.get(name, rest), member) for name, member in value.items()}
    return _scalar(kind, value)


def _fitting(choices: list[dict[str, Any]], value: Any) -> dict[str, Any]:
    """Of several shapes, the first that this value can have."""
    if isinstance(value, dict):
        shaped = [choice for choice in choices if choice.get("type") in {"object", "array"}]
        known = [choice for choice in shaped if value.keys() <= choice.get("properties", {}).keys()]
        return (known or shaped or choices)[0]
    return next((choice for choice in choices if _takes_text(choice, value)), choices[0])


def _takes_text(choice: dict[str, Any], text: str) -> bool:
    """Whether a text is a value of this shape: a number that is one, a word that is allowed."""
    kind = choice.get("type")
    if kind in {"object", "array"} or text not in choice.get("enum", (text,)):
        return False
    return kind == "string" or _scalar(kind, text) is not text


def _scalar(kind: str | None, text: str) -> Any:
    """The text as a value of its kind, or the text itself."""
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    if kind == "integer" and INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and NUMBER.fullmatch(text):
        return float(text)
    return text


def _severity(problem: ValidationError) -> int:
    """Unknown names are told before missing ones, and these before wrong values."""
    return {"additionalProperties": 0, "required": 1}.get(problem.kind.name, 2)


def _refuse(problem: ValidationError, params: Record) -> NoReturn:
    kind: Any = problem.kind
    if kind.name == "additionalProperties":
        param = _bracketed([*problem.instance_path, kind.unexpected[0]])
        raise StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
    if kind.name == "required":
        param = _bracketed([*problem.instance_path, kind.property])
        raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    param = _bracketed(problem.instance_path)
    value: Any = params
    for step in problem.instance_path:
        value = value[step]
    if kind.name == "type" and "integer" in kind.types:
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    if value == "":
        message = f"You passed an empty string for '{param}'. Leave it out or give it a value."
        raise StripeError(message, code="parameter_invalid_empty", param=param)
    raise StripeError(f"Invalid {param}: {problem.message}", param=param)


def _bracketed(path: list[str | int]) -> str:
    """A path as Stripe writes it: `controller[losses][payments]`."""
    return "".join(str(step) if place == 0 else f"[{step}]" for place, step in enumerate(path))
