"""Operations that ask for one root field with all its arguments and everything that it can answer, from the schema."""

from contextlib import suppress
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
)

from schema.prepared import Documents
from schema.refusals import QueryLimit

MOST_PARTS = 8
MOST_ROWS = 2
"""Pages are asked for with so many rows at most."""
ROOTS = ("query", "mutation", "subscription")


def root_fields(schema: GraphQLSchema) -> dict[str, tuple[str, GraphQLField]]:
    """Every root field by its name, with the root that it belongs to; no name stands under two roots."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    fields = [
        (name, (root, field))
        for root, kind in zip(ROOTS, roots, strict=True)
        for name, field in (kind.fields.items() if kind else ())
    ]
    assert len(dict(fields)) == len(fields)
    return dict(fields)


def whole_operations(schema: GraphQLSchema, name: str) -> list[str]:
    """Operations for a root field that together select every field of its answer; several where one would be too dear.

    Each argument is a variable of the same name.
    """
    for parts in range(1, MOST_PARTS + 1):
        texts = [_operation(schema, name, part, parts) for part in range(parts)]
        with suppress(QueryLimit):
            documents = Documents(schema)
            for text in texts:
                documents.prepare(text).select(None).units({"first": MOST_ROWS})
            return texts
    raise AssertionError(f"no part of {name} is small enough")


def _operation(schema: GraphQLSchema, name: str, part: int, parts: int) -> str:
    root, field = root_fields(schema)[name]
    # One that has a default may be left out.
    declared = ", ".join(
        f"${argument}: {given.type if is_required_argument(given) else get_nullable_type(given.type)}"
        for argument, given in field.args.items()
    )
    passed = ", ".join(f"{argument}: ${argument}" for argument in field.args)
    head = f"{root} Whole{f'({declared})' if declared else ''}"
    return f"{head} {{ {name}{f'({passed})' if passed else ''}{_selection(field.type, (), part, parts)} }}"


def _selection(kind: Any, above: tuple[str, ...], part: int, parts: int) -> str:
    """Every `parts`-th plain field, beginning with number `part`, and the same of all records inside."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    assert named.name not in above, "a type that contains itself has no whole answer"
    inside = (*above, named.name)
    if isinstance(named, GraphQLUnionType):
        parts_of = {one.name: (0, 1) if one.name == "Problem" else (part, parts) for one in named.types}
        members = " ".join(f"... on {one.name}{_selection(one, inside, *parts_of[one.name])}" for one in named.types)
        return f" {{ __typename {members} }}"
    assert isinstance(named, GraphQLObjectType)
    chosen = ["__typename"] if parts > 1 else []
    for number, (name, field) in enumerate(named.fields.items()):
        if not is_leaf_type(get_named_type(field.type)) or number % parts == part:
            chosen.append(f"{name}{_selection(field.type, inside, part, parts)}")
    return f" {{ {' '.join(chosen)} }}"
