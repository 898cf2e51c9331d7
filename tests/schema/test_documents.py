"""Every ready-made operation fits the schema, has a name, and is known by client and name."""

from pathlib import Path

import pytest

from schema.documents import FOLDER, NoSuchDocument, load_document, ready_made_documents
from schema.edge import Edge
from schema.prepared import Documents
from schema.results import engine_schema
from schema.schema import schema
from tests.schema.conftest import TestMarketplace

PATHS = sorted(FOLDER.glob("*/*.graphql"))


@pytest.mark.parametrize("path", PATHS, ids=[f"{path.parent.name}/{path.stem}" for path in PATHS])
def test_a_ready_made_operation_fits_the_schema_and_its_limits(path: Path) -> None:
    prepared = Documents(engine_schema(schema), may_read_schema=False).prepare(
        load_document(path.parent.name, path.stem)
    )

    (name,) = prepared.operations
    assert name == "".join(word.capitalize() for word in path.stem.split("_"))


@pytest.mark.parametrize("where", [("driver", "nothing"), ("nobody", "me"), ("..", "me"), ("driver/../driver", "me")])
def test_an_unknown_document_is_an_error_of_ours(where: tuple[str, str]) -> None:
    with pytest.raises(NoSuchDocument):
        load_document(*where)


def test_the_edge_knows_them_from_the_start(marketplace: TestMarketplace) -> None:
    documents = Edge.of(marketplace, schema).documents

    assert len(ready_made_documents()) == len(PATHS) > 0
    assert all(documents.known(text) is not None for text in ready_made_documents())
