"""Addresses compare however they are written."""

import pytest

from marketplace.addresses import normal_text, similarity


@pytest.mark.parametrize(
    "text", ["Avenida José Peñablanca 12-B", "  avenida jose PENABLANCA, 12 b.", "AVENIDA José…Peñablanca 12/b"]
)
def test_accents_case_and_punctuation_do_not_matter(text: str) -> None:
    assert normal_text(text) == "avenida jose penablanca 12 b"


def test_likeness_is_from_none_to_all() -> None:
    assert similarity("avenida del mar", "avenida del mar") == 1.0
    assert similarity("avenida del mar", "xyz") == 0.0
    assert similarity("", "avenida") == 0.0
    assert 0.5 < similarity("avenida del mar", "avenida de mar") < 1.0
