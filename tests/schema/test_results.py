"""Fields are read from objects and dict trees alike, by the one small resolver."""

from dataclasses import dataclass

import pytest
from graphql import GraphQLObjectType

from schema.results import engine_schema, read_field
from tests.schema.conftest import SCHEMA


@dataclass
class Leaf:
    """An object with the same field."""

    name: str


def test_a_field_of_a_tree_and_of_an_object_read_alike() -> None:
    assert read_field({"name": "a"}, "name") == read_field(Leaf("a"), "name") == "a"


def test_a_missing_field_is_a_bug_and_not_null() -> None:
    with pytest.raises(KeyError):
        read_field({}, "name")
    with pytest.raises(AttributeError):
        read_field(Leaf("a"), "size_g")


def test_plain_fields_have_the_small_resolver_and_others_keep_theirs() -> None:
    kinds = engine_schema(SCHEMA).type_map
    tree, query = kinds["Tree"], kinds["Query"]
    assert isinstance(tree, GraphQLObjectType)
    assert isinstance(query, GraphQLObjectType)

    planted_at, grove = tree.fields["plantedAt"].resolve, query.fields["grove"].resolve

    assert planted_at is not None
    assert grove is not None
    assert planted_at({"planted_at": 7}, None) == 7
    assert planted_at.__module__ == "schema.results"
    assert grove.__module__ != "schema.results"
