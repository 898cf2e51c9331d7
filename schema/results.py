"""Reading fields of results: records are objects, or the dict trees that one SQL statement answers as JSON."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.types.field import StrawberryField


def read_field(source: Any, name: str) -> Any:
    """The field of that Python name in a dict tree or an object."""
    return source[name] if type(source) is dict else getattr(source, name)


def read_fields_directly(schema: strawberry.Schema) -> None:
    """Gives every plain field one small resolver in place of three nested ones, which took a fifth of the CPU."""
    for kind in engine_schema(schema).type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        for field in kind.fields.values():
            definition = field.extensions.get("strawberry-definition")
            if isinstance(definition, StrawberryField) and definition.is_basic_field:
                field.resolve = _reader(definition.python_name)


def engine_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The schema of the GraphQL engine inside strawberry's: what documents are validated against and executed on."""
    return schema._schema


def _reader(name: str) -> Callable[[Any, GraphQLResolveInfo[Any]], Any]:
    def read(source: Any, _info: GraphQLResolveInfo[Any]) -> Any:
        return source[name] if type(source) is dict else getattr(source, name)

    return read
