"""Reading form-encoded requests as Stripe does: `items[0][price]=1` and `expand[]=charge` are nested values."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.records import Record

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
PART = re.compile(r"\[([^\[\]]*)\]")
MOST_FIELDS = 1_000
DEEPEST = 8


def parse_form(text: str) -> Record:
    """The nested strings of a form; lists stay mappings from their index until the specification tells them apart."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise StripeError(f"Invalid request: the form cannot be read ({problem})") from problem
    form: Record = {}
    for name, value in fields:
        _put(form, _path(name), value, name)
    return form


def _path(name: str) -> list[str]:
    match = NAME.fullmatch(name)
    if match is None:
        raise StripeError(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    path = [match[1], *PART.findall(match[2])]
    if len(path) > DEEPEST:
        raise StripeError(f"Invalid request: {name} is nested too deeply", param=name)
    return path


def _put(form: Record, path: list[str], value: str, name: str) -> None:
    place: Record = form
    for step, following in pairwise(path):
        inner: Any = place.setdefault(_key(place, step, following), {})
        if not isinstance(inner, dict):
            raise StripeError(f"Invalid request: {name} is both a value and an object", param=name)
        place = inner
    last = _key(place, path[-1], None)
    if isinstance(place.get(last), dict):
        raise StripeError(f"Invalid request: {name} is both a value and an object", param=name)
    place[last] = value


def _key(place: Record, step: str, following: str | None) -> str:
    """The step itself, or for `[]` the next free index; `a[][x]=1&a[][y]=2` goes on with the same member."""
    if step:
        return step
    last = str(len(place) - 1)
    if following and isinstance(place.get(last), dict) and following not in place[last]:
        return last
    return str(len(place))
