"""Chance that a seed fixes: the same seed and subject give the same draws, in whatever order the day unfolds."""

from random import Random


def chance(seed: int, *subject: object) -> Random:
    """A source of draws of its own for one subject, so that what one app draws never moves what another gets."""
    return Random(":".join(map(str, (seed, *subject))))  # noqa: S311 - a day to play with, no secret
