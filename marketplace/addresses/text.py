"""Addresses as plain text that compares: without accents, case and punctuation, and how much two of them share."""

import re
import unicodedata

WORDS = re.compile(r"[^\W_]+")


def normal_text(text: str) -> str:
    """The same for the same address, however it is accented, capitalised or punctuated."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(WORDS.findall(kept))


def similarity(one: str, other: str) -> float:
    """How alike two normal texts are, from 0 to 1: twice the trigrams they share, over all that they have."""
    left, right = _trigrams(one), _trigrams(other)
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _trigrams(text: str) -> set[str]:
    return {padded[i : i + 3] for word in text.split() for padded in [f"  {word} "] for i in range(len(padded) - 2)}
