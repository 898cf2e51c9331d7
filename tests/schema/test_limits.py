"""A document is refused for what it would cost, before it costs anything."""

import time
from pathlib import Path

import pytest
from graphql import parse

from schema.limits import measure
from schema.prepared import Documents
from schema.refusals import BadDocument, QueryLimit
from schema.results import engine_schema
from tests.schema.conftest import SCHEMA, Api

ENGINE = engine_schema(SCHEMA)


def units(text: str, **variables: object) -> int:
    """The cost of the one operation of a document."""
    return Documents(ENGINE).prepare(text).select(None).units(variables)


def doubling_fragments(count: int) -> str:
    """Fragments that each spread the next one twice: the document that blocks exponential limiters."""
    spreads = "".join(f"fragment f{i} on Tree{{...f{i + 1} ...f{i + 1}}}" for i in range(count - 1))
    return f"{{grove{{...f0}}}}{spreads}fragment f{count - 1} on Tree{{id}}"


ATTACKS = {
    "twenty doubling fragments": doubling_fragments(20),
    "forty doubling fragments": doubling_fragments(40),
    "fragment of itself": "{grove{...a}} fragment a on Tree{id ...a}",
    "fragments in a ring": "{grove{...a}} fragment a on Tree{...b} fragment b on Tree{...c} fragment c on Tree{...a}",
    "sixteen aliases": "{" + " ".join(f"a{i}:boom" for i in range(16)) + "}",
    "three hundred aliases": "{" + " ".join(f"a{i}:boom" for i in range(300)) + "}",
    "aliases in a fragment": "{grove{...a parent{...a}}} fragment a on Tree{" + "a{i}:id ".replace("{i}", "1")
    + " ".join(f"a{i}:id" for i in range(2, 10)) + "}",
    "eleven levels": "{grove{" + "parent{" * 9 + "id" + "}" * 9 + "}}",
    "a hundred levels of nothing": "{grove{" + "...{" * 100 + "id" + "}" * 100 + "}}",
    "levels through fragments": "{grove{...f0}}"
    + "".join(f"fragment f{i} on Tree{{parent{{...f{i + 1}}}}}" for i in range(12))
    + "fragment f12 on Tree{id}",
    "twenty-one directives": "{boom " + "@skip(if:false)" * 21 + "}",
    "directives on many fields": "{" + "boom @skip(if:false) " * 20 + " refuse @skip(if:false)}",
    "six operations": "".join(f"query q{i}{{boom}}" for i in range(6)),
    "fifty-one fragments": "{grove{id}}" + "".join(f"fragment f{i} on Tree{{id}}" for i in range(51)),
    "one field twenty-one times": "{" + "boom " * 21 + "}",
    "three hundred and one selections": "{grove{" + "...f " * 20 + "}} fragment f on Tree{"
    + "id colour valueMinor plantedAt leaves{name sizeG} parent{id colour valueMinor plantedAt leaves{name sizeG}}}",
    "a page of 101": "{trees(first:101){edges{node{id}}}}",
    "lists in a page": "{trees(first:100){edges{node{" + "leaves{name sizeG} parent{" * 5 + "id" + "}" * 5 + "}}}}",
    "many long lists": "{" + " ".join(f"m{i}:meadow{{id colour plantedAt valueMinor}}" for i in range(6)) + "}",
    "a page of 101 by default of a variable": "query($n:Int!=101){trees(first:$n){edges{node{id}}}}",
    "a very long text": "{boom}#" + "x" * 40_000,
}  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_is_refused_by_name_of_its_limit(api: Api, text: str) -> None:
    response = await api.send(text)

    assert response.status_code == 400
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["QUERY_LIMIT"]


@pytest.mark.parametrize(
    "text",
    [*ATTACKS.values(), "{" + "a " * 5_000 + "}", "#\n" * 16_000 + "{a}", '{nothing(text:"' + "\\n" * 16_000 + '")}'],
)
def test_a_refusal_takes_little_time_of_the_processor(text: str) -> None:
    documents = Documents(ENGINE)
    started = time.process_time()

    with pytest.raises((QueryLimit, BadDocument)):
        documents.prepare(text)

    # The goal is 50 ms; ten times that is far from the seconds that an exponential walk takes, on any machine.
    assert time.process_time() - started < 0.5


async def test_tokens_are_counted_while_the_document_is_read(api: Api) -> None:
    response = await api.send("{" + "boom " * 1_000 + "}")

    assert response.status_code == 400
    assert "1000 tokens" in response.json()["errors"][0]["message"]


async def test_a_page_that_a_variable_makes_too_large_is_refused(api: Api) -> None:
    query = "query($n:Int!){trees(first:$n){edges{node{id}}}}"

    refused = await api.send(query, {"n": 101})
    negative = await api.send(query, {"n": -1})

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["code"] == "QUERY_LIMIT"
    assert negative.json()["errors"][0]["extensions"]["code"] == "BAD_PAGE"
    assert len((await api.ask(query, {"n": 2}))["trees"]["edges"]) == 2


def test_what_is_at_the_limits_passes() -> None:
    documents = Documents(ENGINE)
    for text in (
        "{" + " ".join(f"a{i}:boom" for i in range(15)) + "}",
        "{grove{" + "parent{" * 8 + "id" + "}" * 8 + "}}",
        "{boom " + "refuse @skip(if:false) " * 20 + "}",
        "".join(f"query q{i}{{boom}}" for i in range(5)),
        "{" + "boom " * 20 + "}",
    ):
        assert documents.prepare(text).operations


def test_costs_count_rows() -> None:
    """A field with a resolver is 20 units, ten plain fields are one, and what is left of ten counts as ten."""
    assert units("{boom}") == 20
    assert units("{grove{id}}") == 20 + 12 * 1 // 10 + 1
    assert units("{trees{edges{node{id}}}}") == 20 + 10 * 3 // 10
    assert units("{trees(first:10){edges{node{id leaves{name}}}}}") == 20 + 10 * (3 + (1 + 10)) // 10
    assert units("query($n:Int!){trees(first:$n){edges{node{id}}}}", n=40) == 20 + 40 * 3 // 10
    assert units("query($n:Int! =70){trees(first:$n){edges{node{id}}}}") == 20 + 70 * 3 // 10
    assert units("query($n:Int!){a:trees(first:$n){edges{node{id}}} b:trees(first:5){edges{node{id}}}}", n=5) == 40 + 3
    assert units('mutation{goOffline(name:"a",idempotencyKey:"b"){__typename}}') == 20 + 1
    assert units("{grove{...a}} fragment a on Tree{id ...b} fragment b on Tree{id colour}") == 20 + 12 * 3 // 10 + 1


def test_a_list_that_says_how_long_it_usually_is_counts_as_long() -> None:
    assert units("{meadow{id}}") == 20 + 400 // 10
    assert units("{meadow{id leaves{name}}}") == 20 + 400 * (1 + 1 + 10) // 10


def test_cost_follows_fragments_with_pages() -> None:
    text = "query($n:Int!){trees(first:$n){...page}} fragment page on TreeConnection{edges{node{id}}}"

    assert units(text, n=20) == 20 + 20 * 3 // 10


def test_root_fields_are_seen_through_fragments() -> None:
    (measured,) = measure(ENGINE, parse("{...a ...{boom}} fragment a on Query{refuse x:grove{id}}"))

    assert measured.fields == {"refuse", "boom", "grove"}


def test_the_exponential_limiters_are_used_nowhere() -> None:
    root = Path(__file__).parents[2]
    sources = [
        path.read_text() for folder in ("schema", "marketplace", "workers") for path in (root / folder).rglob("*.py")
    ]

    assert sources
    for name in ("QueryDepth" + "Limiter", "MaxAliases" + "Limiter"):
        assert not [source for source in sources if name in source]


async def test_errors_are_few_and_suggest_nothing(api: Api) -> None:
    response = await api.send("{" + " ".join(f"bom{i}" for i in range(40)) + " groove{id}}")

    errors = response.json()["errors"]
    assert response.status_code == 400
    assert len(errors) == 5
    assert "Did you mean" not in response.text
    assert errors[0]["locations"] == [{"line": 1, "column": 2}]
    assert errors[0]["extensions"]["code"] == "BAD_DOCUMENT"


async def test_types_are_no_operations(api: Api) -> None:
    response = await api.send("type Query {a: Int}")

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
