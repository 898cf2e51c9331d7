"""The committed schema says what the code does, and is the manual of the API."""

from pathlib import Path
from typing import Any

import pytest

from schema import export
from schema.results import engine_schema
from schema.schema import schema

ROOTS = {"Query", "Mutation", "Subscription"}


def test_the_committed_schema_is_the_present_one() -> None:
    assert export.is_current(), "run python -m schema.export"


def test_everything_that_clients_see_is_described() -> None:
    undescribed = []
    for kind in engine_schema(schema).type_map.values():
        if kind.name.startswith("__"):
            continue
        if not kind.description and kind.name not in ROOTS and not hasattr(kind, "types"):
            undescribed.append(kind.name)
        fields: dict[str, Any] = getattr(kind, "fields", {})
        for name, field in fields.items():
            undescribed += [] if field.description else [f"{kind.name}.{name}"]
            arguments: dict[str, Any] = getattr(field, "args", {})
            undescribed += [f"{kind.name}.{name}({key})" for key, value in arguments.items() if not value.description]

    assert undescribed == []


def test_a_check_fails_on_another_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "FILE", tmp_path / "schema.graphql")

    assert export.main(["--check"]) == 1
    assert "python -m schema.export" in capsys.readouterr().err
    assert export.main([]) == 0
    assert export.main(["--check"]) == 0
