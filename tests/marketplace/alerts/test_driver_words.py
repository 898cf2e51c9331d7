"""Drivers are told in their own language, with times as clocks show them where they work."""

from string import Formatter
from typing import Any

import pytest

from marketplace.alerts import words_for_driver
from marketplace.alerts.wording import DRIVER_WORDS, paper_in
from marketplace.fleet import DocumentKind
from workers.reactions import REACTIONS, TELL_CALLED_BACK, TELL_DRIVER

UNTIL = "2026-03-02T18:30:00+00:00"
SANTIAGO = "America/Santiago"
PAYLOADS: dict[str, dict[str, Any]] = {
    "DocumentExpiring": {"expires_at": UNTIL, "kind": "DRIVING_LICENCE"},
    "PayoutAccountChanged": {"held_until": UNTIL},
    "BlockPlaceFreed": {"opens_at": UNTIL, "answer_by": UNTIL},
    "BlockCalledOff": {"opens_at": UNTIL},
    "SuspensionConfirmed": {"effective_at": UNTIL},
    "AppealDecided": {"is_upheld": True},
    "EvidenceCorrected": {"is_upheld": False},
    "SuspensionEnded": {"state": "LIFTED"},
    "ReassignmentOffered": {"answer_by": UNTIL},
    "PayoutFailed": {"is_given_back": True},
}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Your block of 02.03. 15:30 was cancelled. The app says why."),
        ("es", "Su bloque del 02.03. 15:30 se canceló. La app dice por qué."),
    ],
)
def test_the_same_thing_is_told_in_the_drivers_language(language: str, text: str) -> None:
    assert words_for_driver(language, "BlockCalledOff", PAYLOADS["BlockCalledOff"], SANTIAGO) == text


@pytest.mark.parametrize("language", sorted(DRIVER_WORDS))
def test_every_event_that_drivers_hear_of_has_words(language: str) -> None:
    told = {TELL_DRIVER, TELL_CALLED_BACK}
    heard = [name for name, reactions in REACTIONS.items() if told & {*reactions} and name != "DriverMessaged"]

    texts = [words_for_driver(language, name, PAYLOADS.get(name, {}), SANTIAGO) for name in heard]

    assert len(set(texts)) == len(heard) > 12
    assert all("{" not in text and len(text) <= 480 for text in texts)
    assert len({paper_in(language, kind.value) for kind in DocumentKind}) == len(DocumentKind)


def test_each_language_says_the_same_things_with_the_same_places() -> None:
    english, spanish = DRIVER_WORDS["en"], DRIVER_WORDS["es"]

    assert set(english) == set(spanish)
    assert {name: places(text) for name, text in english.items()} == {
        name: places(text) for name, text in spanish.items()
    }
    assert not [name for name, text in english.items() if spanish[name] == text]


def places(text: str) -> set[str | None]:
    """What is filled in."""
    return {place for _, place, _, _ in Formatter().parse(text)} - {None}
