"""The runbook names only commands, GraphQL fields and files that there are."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLObjectType
from typer.core import TyperGroup
from typer.main import get_command

from marketplace.__main__ import app
from schema.schema import schema
from tests.deploy.test_settings_told import DEPLOY

ROOT = DEPLOY.parent
PAGES = ["RUNBOOK.md", "GROWTH.md"]
SETTING = re.compile(r"`(DOORSTEP_[A-Z_]+)`")
NOT_FIELDS = {"doorstep", "dlv", "search_path", "leaving", "ready"}


def commands(group: TyperGroup, *above: str) -> set[str]:
    found = set()
    for name, command in group.commands.items():
        found.add(" ".join((*above, name)))
        if isinstance(command, TyperGroup):
            found |= commands(command, *above, name)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_there(page: str) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    known = commands(group)

    told = re.findall(r"`(?:DATABASE_URL=\S+ )?doorstep ([^`]+)`", (DEPLOY / page).read_text())

    assert told
    for words in told:
        first, *rest = words.split()
        assert first in known, words
        if any(name.startswith(f"{first} ") for name in known):
            assert f"{first} {rest[0]}" in known, words


def test_every_graphql_field_is_there() -> None:
    text = (DEPLOY / "RUNBOOK.md").read_text()
    roots = [schema._schema.query_type, schema._schema.mutation_type]
    fields = {name for root in roots if isinstance(root, GraphQLObjectType) for name in root.fields}

    told = set(re.findall(r"`([a-z]+[A-Z][a-zA-Z]+)`", text))

    assert len(told) > 10
    assert told - {"traceId"} <= fields


@pytest.mark.parametrize("page", PAGES)
def test_every_file_is_there(page: str) -> None:
    for path in re.findall(r"`((?:deploy|marketplace|workers|schema|tests)/[\w./-]+)`", (DEPLOY / page).read_text()):
        assert Path(ROOT, path).exists(), path


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_is_there(page: str) -> None:
    example = (DEPLOY / "env.example").read_text()

    for name in SETTING.findall((DEPLOY / page).read_text()):
        assert f"{name}=" in example, name
