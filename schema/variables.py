"""Compiled variables: what an operation wants to know becomes a few readers, made once for each document.

The GraphQL engine looks up the type of every value of every row again, and walks all of them once before to see how
deep they are. Types of ours do not contain themselves, so a reader that follows the type cannot go deep. What a reader
does not take as it is written, it leaves to the engine, which does the same again and says what is wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableValues,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValueSource
from graphql.type.definition import GraphQLInputField
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.projection import NotPlain

Take = Callable[[Any], Any]
"""Turns a value as it was sent into the value a resolver gets; raises where the engine should have a look."""


class Variables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, takers: "Takers") -> None:
        self._known: list[tuple[GraphQLVariableSignature, Take]] = []
        self._is_plain = True
        for node in operation.variable_definitions or ():
            signature = get_variable_signature(schema, node)
            if isinstance(signature, GraphQLError):
                raise signature
            try:
                self._known.append((signature, takers.taker(signature.type)))
            except NotPlain:
                self._is_plain = False

    def take(self, sent: Mapping[str, Any]) -> VariableValues:
        """The values for the engine; raises NotPlain, or anything else, for what only the engine can judge."""
        if not self._is_plain:
            raise NotPlain
        sources: dict[str, VariableValueSource] = {}
        taken: dict[str, Any] = {}
        for signature, take in self._known:
            name = signature.name
            value = sent.get(name, Undefined)
            sources[name] = VariableValueSource(signature, value)
            if value is not Undefined:
                taken[name] = take(value)
            elif signature.default is not None:
                taken[name] = coerce_default_value(signature)
            elif isinstance(signature.type, GraphQLNonNull):
                raise NotPlain
        return VariableValues(sources, taken)


class Takers:
    """How values of input types are taken: one reader for each type of a schema, whatever the number of documents."""

    def __init__(self) -> None:
        self._named: dict[str, Take | None] = {}

    def taker(self, kind: GraphQLInputType) -> Take:
        """Takes a value of that type; raises NotPlain for a type whose values only the engine can take."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type)
        take = self._present(kind)
        return lambda value: None if value is None else take(value)

    def _present(self, kind: GraphQLInputType) -> Take:
        """Takes a value that may not be null."""
        if isinstance(kind, GraphQLList):
            return _each(self.taker(kind.of_type))
        assert isinstance(kind, GraphQLScalarType | GraphQLEnumType | GraphQLInputObjectType)
        if kind.name not in self._named:
            # Whoever asks for this type while it is being looked at is a part of it: such a type is left to the engine.
            self._named[kind.name] = None
            self._named[kind.name] = self._record(kind) if isinstance(kind, GraphQLInputObjectType) else _leaf(kind)
        take = self._named[kind.name]
        if take is None:
            raise NotPlain
        return take

    def _record(self, kind: GraphQLInputObjectType) -> Take:
        if kind.is_one_of:
            raise NotPlain
        fields = [(name, field.out_name or name, self.taker(field.type), field) for name, field in kind.fields.items()]

        def take(value: Any) -> Any:
            if type(value) is not dict:
                raise NotPlain
            taken, found = dict[str, Any](), 0
            for name, out_name, take_field, field in fields:
                if name in value:
                    found += 1
                    taken[out_name] = take_field(value[name])
                else:
                    _leave_out(taken, out_name, field)
            if found != len(value):
                raise NotPlain
            return kind.out_type(taken)

        return take


def _each(take: Take) -> Take:
    def take_each(values: Any) -> list[Any]:
        if type(values) is not list:
            raise NotPlain
        return [take(value) for value in values]

    return take_each


def _leave_out(taken: dict[str, Any], name: str, field: GraphQLInputField) -> None:
    """A field that was not sent has its default, or is not there."""
    default = coerce_default_value(field)
    if default is not Undefined:
        taken[name] = default
    elif isinstance(field.type, GraphQLNonNull):
        raise NotPlain


def _leaf(kind: GraphQLScalarType | GraphQLEnumType) -> Take:
    coerce = kind.coerce_input_value

    def take(value: Any) -> Any:
        if value is None:
            raise NotPlain
        taken = coerce(value)
        if taken is Undefined:
            raise NotPlain
        return taken

    if kind.name in {"String", "ID"}:
        return lambda value: value if type(value) is str else take(value)
    return take
