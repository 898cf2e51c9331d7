"""Compiled readers answer exactly as the GraphQL engine does: the same data, the same nulls, the same errors."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
import strawberry
from graphql import ExecutionResult, FieldNode, GraphQLObjectType
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.errors import Conflict
from schema.context import RequestContext
from schema.execution import execute
from schema.prepared import Documents
from schema.projection import Projections, Read
from schema.results import engine_schema
from schema.scalars import Cursor, MoneyMinor
from schema.schema import build_schema
from tests.schema.sample import Colour


@strawberry.type
class Leaf:
    """The smallest record."""

    name: str
    size: int


@strawberry.type
class Branch:
    """A record with every kind of field."""

    id: strawberry.ID | None = None
    text: str | None = None
    count: int | None = None
    share: float | None = None
    is_open: bool | None = None
    at: datetime | None = None
    amount_minor: MoneyMinor | None = None
    cursor: Cursor | None = None
    colour: Colour | None = None
    leaf: Leaf | None = None
    leaves: list[Leaf] | None = None
    gaps: list[Leaf | None] | None = None
    texts: list[str] | None = None
    branch: "Branch | None" = None

    @strawberry.field
    def shout(self, times: int = 1) -> str:
        """A field with a resolver of its own."""
        return "!" * times


class Planted:
    """The noun of these tests."""

    value: Any = None

    @strawberry.type
    class Query:
        """One record, as a test has planted it."""

        @strawberry.field
        async def branch(self) -> Branch | None:
            """The planted value."""
            return cast("Branch | None", Planted.value)


class Witness(Projections):
    """Counts how often a reader answers; or keeps all readers back, so that the engine must answer."""

    uses = 0
    keeps_back = False

    def reader(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Read | None:
        """The usual reader, counted."""
        read = None if self.keeps_back else super().reader(kind, nodes)
        self.uses += read is not None
        return read


ENGINE = engine_schema(build_schema((cast("Any", Planted),)))
DOCUMENTS = Documents(ENGINE)
CONTEXT = cast("RequestContext", None)
PLAIN: dict[str, Any] = {
    "id": "b1",
    "text": "Ñandú",
    "count": 7,
    "share": 0.5,
    "is_open": True,
    "at": "2026-03-02T15:00:00.5+00:00",
    "amount_minor": 2**40,
    "cursor": "c1",
    "colour": "RED",
    "leaf": {"name": "a", "size": 1},
    "leaves": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
    "gaps": [{"name": "a", "size": 1}, None],
    "texts": ["x", "y"],
    "branch": None,
}
LEAVES = {"id", "text", "count", "share", "isOpen", "at", "amountMinor", "cursor", "colour", "texts"}


async def both(query: str, value: Any, variables: dict[str, Any] | None = None) -> tuple[Any, Any, int]:
    """What the readers answer, what the engine answers, and how many readers were used."""
    operation = DOCUMENTS.prepare(query).select(None)
    fragments = list(operation.fragments.values())
    witness = Witness(ENGINE, fragments)
    operation = replace(operation, projections=witness)
    Planted.value = value
    read = await execute(ENGINE, operation, variables or {}, CONTEXT)
    witness.keeps_back = True
    answered = await execute(ENGINE, operation, variables or {}, CONTEXT)
    return outcome(read), outcome(answered), witness.uses


def outcome(result: ExecutionResult) -> Any:
    """Everything a client could tell apart, the order of fields included."""
    return repr(result.data), sorted((str(error.path), error.message) for error in result.errors or ())


@pytest.mark.parametrize(
    "query",
    [
        "{ branch { id text count share isOpen at amountMinor cursor colour texts } }",
        "{ branch { __typename kind: __typename a: text b: text leaf { __typename } } }",
        "{ branch { leaf { name } leaves { size name } gaps { name } branch { id } } }",
        "{ branch { leaf { name } leaf { size } ...A ... { id } } } fragment A on Branch { leaf { again: name } }",
        "{ branch { ...A } } fragment A on Branch { ...B id } fragment B on Branch { leaf { ... on Leaf { name } } }",
        "{ one: branch { id } two: branch { text } }",
    ],
)
async def test_plain_selections_are_read_without_the_engine_and_answer_the_same(query: str) -> None:
    read, answered, uses = await both(query, PLAIN)

    assert read == answered
    assert uses > 0


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query($no: Boolean!) { branch { id text @skip(if: $no) } }", {"no": True}),
        ("query($no: Boolean!) { branch { id ...A @include(if: $no) } } fragment A on Branch { text }", {"no": False}),
        ("{ branch { shout id } }", {}),
        ("{ branch { shout(times: 3) leaf { name } } }", {}),
    ],
)
async def test_what_is_not_plain_is_left_to_the_engine(query: str, variables: dict[str, Any]) -> None:
    read, answered, _ = await both(query, {**PLAIN}, variables)

    assert read == answered


async def test_objects_are_read_like_trees() -> None:
    value = Branch(id=strawberry.ID("b1"), at=datetime(2026, 3, 2, tzinfo=UTC), leaf=Leaf(name="a", size=1))

    read, answered, uses = await both("{ branch { id text at leaf { name size } __typename } }", value)

    assert read == answered
    assert read[1] == []
    assert uses == 1


ODD_VALUES = [
    None,
    "",
    "2026-03-02T15:00:00+00:00",
    "2026-03-02T15:00:00.120000+00:00",
    "2026-03-02T12:00:00.123456-03:00",
    "infinity",
    "RED",
    "BLUE",
    Colour.GREEN,
    0,
    True,
    1.5,
    3.0,
    math.nan,
    math.inf,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**60,
    [],
    ["x"],
    ["x", None],
    ("x",),
    {"name": "a"},
    {"name": "a", "size": None},
    {"name": "a", "size": 1},
    [{"name": "a", "size": 1}, None],
    [{"name": "a", "size": "many"}],
    datetime(2026, 3, 2, 15, tzinfo=timezone(timedelta(hours=-3))),
    datetime(2026, 3, 2, 15),
    ValueError("as a value"),
    Conflict("as a value"),
    object(),
]


@pytest.mark.parametrize("field", sorted({*PLAIN}))
async def test_odd_values_are_answered_and_refused_as_the_engine_does(field: str) -> None:
    [wire] = [name for name, each in ENGINE.type_map["Branch"].fields.items() if _python_name(each) == field]  # type: ignore[attr-defined]
    selection = wire if wire in LEAVES else f"{wire} {{ {'id' if wire == 'branch' else 'name size __typename'} }}"
    for value in ODD_VALUES:
        read, answered, _ = await both(f"{{ branch {{ id {selection} text }} }}", PLAIN | {field: value})

        assert read == answered, (field, value)


async def test_a_missing_field_is_an_error_where_it_is_asked_for() -> None:
    read, answered, _ = await both("{ branch { text leaf { name size } } }", {"text": "x", "leaf": {"name": "a"}})

    assert read == answered
    assert read[1] == [("['branch', 'leaf', 'size']", "'size'")]


selections = st.recursive(
    st.lists(st.sampled_from(["id", "text", "count", "at", "colour", "__typename", "leaf { name }"]), min_size=1),
    lambda inner: st.tuples(
        st.lists(st.sampled_from(["isOpen", "leaves { size }", "... on Branch { share }", "...F"]), min_size=1),
        st.lists(inner.map(lambda parts: f"branch {{ {' '.join(parts)} }}"), max_size=2),
    ).map(lambda parts: [*parts[0], *parts[1]]),
    max_leaves=6,
)


@given(parts=selections, depth=st.integers(0, 3), is_broken=st.booleans())
@settings(max_examples=150, deadline=None)
async def test_any_selection_is_answered_as_the_engine_does(parts: list[str], depth: int, is_broken: bool) -> None:
    text = " ".join(parts)
    query = f"{{ branch {{ ...F {text} }} }} fragment F on Branch {{ amountMinor leaves {{ name }} }}"
    value: dict[str, Any] = PLAIN | ({"leaves": [{"size": 1}]} if is_broken else {})
    for _ in range(depth):
        value = PLAIN | {"branch": value}

    read, answered, _ = await both(query, value)

    assert read == answered


def _python_name(field: Any) -> str:
    name: str = field.extensions["strawberry-definition"].python_name
    return name
