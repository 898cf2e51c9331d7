"""Reading inputs: an input type's fields are looked up once, instead of anew for each row of each batch.

The GraphQL engine has checked and coerced every value by then; what is left is to give the fields their Python names
and the rows their classes. The library finds every type and spells every name again for each value, which took a third
of the CPU of posting a batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, TypeGuard

import strawberry
from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryMaybe, StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.results import engine_schema

Convert = Callable[[Any, InputContext], Any]
Build = Callable[[type, Mapping[str, Any], InputContext], Any]


def read_inputs_directly(schema: strawberry.Schema) -> None:
    """Gives every plain input type a builder of its own."""
    for kind in engine_schema(schema).type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            _definition(kind).from_input = _builder(kind)


def _builder(kind: GraphQLInputObjectType) -> Build | None:
    """Builds an input from its checked values; None for a type that only the library knows how to read."""
    known = {name: field.extensions.get("strawberry-definition") for name, field in kind.fields.items()}
    plain = {name: each for name, each in known.items() if _is_plain(each)}
    if len(plain) < len(known):
        return None
    fields = [(name, each.python_name, _converter(kind.fields[name].type)) for name, each in plain.items()]
    # What may be left out and says nothing else is None then.
    left_out = dict.fromkeys(each.python_name for each in plain.values() if not _has_default(each))

    def build(made: type, value: Mapping[str, Any], context: InputContext) -> Any:
        given = dict[str, Any](left_out)
        for name, python_name, convert in fields:
            if name in value:
                given[python_name] = value[name] if convert is None else convert(value[name], context)
        return made(**given)

    return build


def _is_plain(definition: object) -> TypeGuard[StrawberryField]:
    return isinstance(definition, StrawberryField) and not isinstance(definition.type, StrawberryMaybe)


def _has_default(definition: StrawberryField) -> bool:
    return definition.default_value is not MISSING or definition.default_factory is not MISSING


def _converter(kind: GraphQLInputType) -> Convert | None:
    """What is still to be done with a checked value of that type; None where it is taken as it is."""
    if isinstance(kind, GraphQLNonNull):
        return _converter(kind.of_type)
    if isinstance(kind, GraphQLList):
        return _each(_converter(kind.of_type))
    return _nested(_definition(kind)) if isinstance(kind, GraphQLInputObjectType) else None


def _each(convert: Convert | None) -> Convert:
    def convert_each(values: Any, context: InputContext) -> Any:
        if values is None:
            return None
        # A list is copied even so: one that is a default belongs to every request.
        return list(values) if convert is None else [convert(value, context) for value in values]

    return convert_each


def _nested(definition: StrawberryObjectDefinition) -> Convert:
    def convert_nested(value: Any, context: InputContext) -> Any:
        if value is None:
            return None
        if definition.from_input is None:
            return context.convert(value, definition.origin)
        return definition.from_input(definition.origin, value, context)

    return convert_nested


def _definition(kind: GraphQLInputObjectType) -> StrawberryObjectDefinition:
    definition: StrawberryObjectDefinition = kind.extensions["strawberry-definition"]
    return definition
