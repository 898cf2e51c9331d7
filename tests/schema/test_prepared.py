"""Documents are read once, kept within bounds, and our own are never pushed out."""

import pytest
from graphql import OperationType

from schema.prepared import Documents, is_within
from schema.refusals import BadDocument, BadRequest
from schema.results import engine_schema
from tests.schema.conftest import SCHEMA

ENGINE = engine_schema(SCHEMA)


def test_the_same_text_is_prepared_once() -> None:
    documents = Documents(ENGINE)

    first = documents.prepare("{boom}")

    assert documents.prepare("{boom}") is first
    assert documents.known("{boom}") is first
    assert documents.known("{ boom }") is None


def test_the_least_lately_used_text_goes_first() -> None:
    documents = Documents(ENGINE, kept_documents=3)
    for text in ("{a:boom}", "{b:boom}", "{c:boom}"):
        documents.prepare(text)
    documents.known("{a:boom}")

    documents.prepare("{d:boom}")

    kept = [text for text in ("{a:boom}", "{b:boom}", "{c:boom}", "{d:boom}") if documents.known(text)]
    assert kept == ["{a:boom}", "{c:boom}", "{d:boom}"]


def test_the_characters_that_are_kept_have_a_bound_too() -> None:
    documents = Documents(ENGINE, kept_characters=250)
    texts = [f"{{boom}}#{i}" + "x" * 92 for i in range(5)]
    for text in texts:
        documents.prepare(text)

    assert [documents.known(text) is not None for text in texts] == [False, False, False, True, True]


def test_a_long_text_is_served_and_not_kept() -> None:
    documents = Documents(ENGINE)
    text = "{boom}#" + "x" * 17_000

    assert documents.prepare(text).operations
    assert documents.known(text) is None


def test_ready_made_documents_outlast_a_flood() -> None:
    documents = Documents(ENGINE, ready_made=["{refuse}"], kept_documents=3)
    for i in range(20):
        documents.prepare(f"{{a{i}:boom}}")

    assert documents.known("{refuse}") is not None


def test_the_operation_is_chosen_as_graphql_says() -> None:
    two = Documents(ENGINE).prepare('query A{boom} mutation B{goOffline(name:"a",idempotencyKey:"b"){__typename}}')

    assert two.select("A").type is OperationType.QUERY
    assert two.select("B").fields == {"goOffline"}
    for name in (None, "C"):
        with pytest.raises(BadRequest):
            two.select(name)
    assert Documents(ENGINE).prepare("query A{boom}").select(None).name == "A"


def test_what_an_operation_asks_for_is_told_by_its_fields_and_not_by_its_name() -> None:
    urgent = frozenset({"goOffline"})
    change = 'goOffline(name:"a",idempotencyKey:"b"){__typename}'

    def is_urgent(text: str, name: str | None = None) -> bool:
        return is_within(Documents(ENGINE).prepare(text).select(name), urgent)

    assert is_urgent(f"mutation{{{change}}}")
    assert is_urgent(f"mutation{{__typename boom:{change}}}")
    assert not is_urgent("query goOffline{goOffline:boom}")
    assert not is_urgent("{__typename}")
    assert not is_urgent(f"query A{{boom}} mutation B{{{change}}}", "A")


def test_a_refused_document_tells_where() -> None:
    with pytest.raises(BadDocument) as refusal:
        Documents(ENGINE).prepare("{\n  grove {\n    nothing\n  }\n}")

    assert refusal.value.errors == [
        {
            "message": "Cannot query field 'nothing' on type 'Tree'.",
            "locations": [{"line": 3, "column": 5}],
            "extensions": {"code": "BAD_DOCUMENT", "retryable": False},
        }
    ]


def test_production_does_not_tell_its_schema() -> None:
    text = "{__schema{queryType{name}}}"

    assert Documents(ENGINE).prepare(text).select(None).reads_schema
    with pytest.raises(BadDocument):
        Documents(ENGINE, may_read_schema=False).prepare(text)
    assert Documents(ENGINE, may_read_schema=False).prepare("{__typename}").operations
