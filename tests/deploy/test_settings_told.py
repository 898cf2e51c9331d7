"""deploy/env.example tells every setting of the code, and none that there is not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from marketplace.core.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
LINE = re.compile(r"^(#?)([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)
OF_OTHERS = {"FORWARDED_ALLOW_IPS", "XDG_CACHE_HOME"}
"""Read by the server's and the system's libraries, not by us."""


def names_of(settings: type[BaseSettings]) -> dict[str, Any]:
    """Every name in the environment, with the default of its setting."""
    prefix = settings.model_config["env_prefix"]
    return {
        str(field.validation_alias or f"{prefix}{name}".upper()): field.default
        for name, field in settings.model_fields.items()
    }


def documents(*parts: str) -> list[dict[str, Any]]:
    """The documents of a YAML file in deploy/."""
    return [document for document in yaml.safe_load_all(DEPLOY.joinpath(*parts).read_text()) if document]


def test_the_example_names_every_setting_once_and_no_other() -> None:
    told = [name for _, name, _ in LINE.findall((DEPLOY / "env.example").read_text())]

    assert sorted(told) == sorted(names_of(Settings))


def test_every_setting_is_explained() -> None:
    lines = (DEPLOY / "env.example").read_text().splitlines()
    settings = [number for number, line in enumerate(lines) if LINE.match(line)]

    for number in settings:
        before = lines[number - 1]
        is_beside_another = bool(LINE.match(before))
        assert before.startswith("# ") or is_beside_another, lines[number]
        assert not before.startswith("# ──"), lines[number]


def test_what_is_set_in_the_example_is_the_default_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names_of(Settings):
        monkeypatch.delenv(name, raising=False)
    default = Settings()

    for comment, name, value in LINE.findall((DEPLOY / "env.example").read_text()):
        if not comment:
            monkeypatch.setenv(name, value)

    assert Settings() == default


@pytest.mark.parametrize("file", ["settings.yaml", "secrets.yaml"])
def test_kubernetes_sets_only_what_there_is(file: str) -> None:
    for document in documents("kubernetes", file):
        given = document.get("data") or document["stringData"]
        assert given.keys() <= names_of(Settings).keys() | OF_OTHERS


def test_compose_sets_only_what_there_is() -> None:
    [compose] = documents("compose.yaml")
    for name, service in compose["services"].items():
        if service.get("image") == "doorstep:local":
            assert service["environment"].keys() <= names_of(Settings).keys() | OF_OTHERS, name
