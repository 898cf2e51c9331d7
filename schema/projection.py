"""Compiled answers: a selection of plain fields becomes a nest of small readers, made once for each document.

The GraphQL engine takes some ten microseconds for every field of an answer: it looks the field up, builds what a
resolver could want to know, and asks whether the value must be awaited. A record that one SQL statement has answered
needs none of that. What a reader does not understand it leaves to the engine, which does the same again from the
record: so whatever is wrong with a value is found, and said, by the engine alone.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.types.field import StrawberryField

Read = Callable[[Any], Any]
"""Turns a value as it was found into the value that is answered; raises where the engine should have a look."""

INT_LIMIT = 2**31


class NotPlain(Exception):
    """Something that only the engine can answer, such as an argument, a directive or a missing value."""


class Projections:
    """The readers of one document, compiled when they are first asked for."""

    def __init__(self, schema: GraphQLSchema, fragments: Iterable[FragmentDefinitionNode]) -> None:
        self._compiler = _Compiler(schema, {fragment.name.value: fragment for fragment in fragments})
        self._readers: dict[tuple[str, int], Read | None] = {}

    def reader(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Read | None:
        """How a record of that type is answered where these nodes of the document ask for it; None: by the engine."""
        if len(nodes) != 1:
            return None
        key = (kind.name, id(nodes[0]))  # the document keeps its nodes, so the number stays theirs
        if key not in self._readers:
            try:
                self._readers[key] = self._compiler.record(kind, nodes)
            except NotPlain:
                self._readers[key] = None
        return self._readers[key]


class _Compiler:
    """Makes readers of the selections of one document; raises NotPlain for what it leaves to the engine.

    Fragments are followed wherever they stand; the limits of a document, checked before, bound how often that can be.
    """

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def record(self, kind: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Read:
        """Reads the selected fields of a record, a dict tree or an object."""
        if kind.is_type_of is not None:
            raise NotPlain
        selected: dict[str, list[FieldNode]] = {}
        for node in nodes:
            self._select(kind, node.selection_set, selected)
        fields = [(answer, *self._field(kind, same)) for answer, same in selected.items()]
        typename = kind.name

        def read(source: Any) -> dict[str, Any]:
            if type(source) is dict:
                return {
                    answer: typename if name is None else complete(source[name]) for answer, name, complete in fields
                }
            _check_plain(source)
            return {
                answer: typename if name is None else complete(getattr(source, name))
                for answer, name, complete in fields
            }

        return read

    def _select(
        self, kind: GraphQLObjectType, selections: SelectionSetNode | None, selected: dict[str, list[FieldNode]]
    ) -> None:
        """Collects the fields that apply to a type, by the name under which they are answered."""
        if selections is None:
            raise NotPlain
        for node in selections.selections:
            if node.directives:
                raise NotPlain
            if isinstance(node, FieldNode):
                selected.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if fragment.directives:
                    raise NotPlain
                if self._applies(fragment.type_condition.name.value, kind):
                    self._select(kind, fragment.selection_set, selected)
            elif isinstance(node, InlineFragmentNode) and (
                node.type_condition is None or self._applies(node.type_condition.name.value, kind)
            ):
                self._select(kind, node.selection_set, selected)

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        if condition == kind.name:
            return True
        wanted = self._schema.get_type(condition)
        if isinstance(wanted, GraphQLObjectType):
            return False
        raise NotPlain

    def _field(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> tuple[str | None, Read]:
        """The name of a field in the record and the reader of its value; no name for the name of the type itself."""
        name = nodes[0].name.value
        if name == "__typename":
            return None, _check_plain
        field = kind.fields.get(name)
        if field is None or any(node.arguments for node in nodes):
            raise NotPlain
        return _plain_name(field), self._value(field.type, nodes)

    def _value(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Read:
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, nodes)
        return _or_null(self._present(kind, nodes))

    def _present(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Read:
        """Reads a value that may not be null."""
        if isinstance(kind, GraphQLList):
            return _each(self._value(kind.of_type, nodes))
        if isinstance(kind, GraphQLObjectType):
            return self.record(kind, nodes)
        if isinstance(kind, GraphQLEnumType):
            return _remembered(_coerced(kind))
        if isinstance(kind, GraphQLScalarType):
            return _as_it_is(kind)
        raise NotPlain


def _plain_name(field: GraphQLField) -> str:
    """Under which name the value stands in a record; NotPlain for a field that has a resolver of its own."""
    definition = field.extensions.get("strawberry-definition")
    if field.args or not isinstance(definition, StrawberryField) or not definition.is_basic_field:
        raise NotPlain
    return definition.python_name


def _check_plain(value: Any) -> None:
    """Leaves to the engine what it does not simply complete: nothing, failures, and what must be awaited."""
    if value is None or value is Undefined or isinstance(value, Exception) or optimized_is_awaitable(value):
        raise NotPlain


def _or_null(present: Read) -> Read:
    return lambda value: None if value is None else present(value)


def _each(read: Read) -> Read:
    def read_each(values: Any) -> list[Any]:
        if type(values) is not list and type(values) is not tuple:
            raise NotPlain
        return [read(value) for value in values]

    return read_each


def _coerced(kind: GraphQLScalarType | GraphQLEnumType) -> Read:
    """The value as its type writes it."""
    coerce = kind.coerce_output_value

    def read(value: Any) -> Any:
        if type(value) is not str:
            _check_plain(value)
        written = coerce(value)
        if written is None or written is Undefined:
            raise NotPlain
        return written

    return read


def _remembered(coerced: Read) -> Read:
    """An enum's value by its name; there are few, and the engine's way to one is long."""
    known: dict[str, Any] = {}

    def read(value: Any) -> Any:
        if type(value) is not str:
            return coerced(value)
        if value not in known:
            known[value] = coerced(value)
        return known[value]

    return read


def _as_it_is(kind: GraphQLScalarType) -> Read:
    """A scalar whose value is already in the form in which it is written; any other value by the way of its type."""
    coerced = _coerced(kind)
    if kind.name in {"String", "ID"}:
        return lambda value: value if type(value) is str else coerced(value)
    if kind.name == "Boolean":
        return lambda value: value if type(value) is bool else coerced(value)
    if kind.name == "Int":
        return lambda value: value if type(value) is int and -INT_LIMIT <= value < INT_LIMIT else coerced(value)
    if kind.name == "Float":
        return lambda value: value if type(value) is float and math.isfinite(value) else coerced(value)
    if kind.coerce_output_value is int:
        return lambda value: value if type(value) is int else coerced(value)
    return coerced
