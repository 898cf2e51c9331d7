"""Answers of geocoders, kept for a while: the same text is asked once. Only its digest is kept, not the text."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import orjson

from marketplace.addresses.geocoder import Candidate
from marketplace.addresses.text import normal_text
from marketplace.core.work import Work

KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1_000

FIND = "SELECT candidates FROM geocoded_text WHERE id = $1 AND expires_at > $2"
KEEP = """
INSERT INTO geocoded_text (id, candidates, found_at, expires_at) VALUES ($1, $2::jsonb, $3, $4)
ON CONFLICT (id) DO UPDATE
SET candidates = excluded.candidates, found_at = excluded.found_at, expires_at = excluded.expires_at
"""
FORGET = """
DELETE FROM geocoded_text WHERE id IN (SELECT id FROM geocoded_text WHERE expires_at <= $1 LIMIT $2)
"""


def _key(geocoder: str, market_id: UUID, text: str) -> UUID:
    told = "\0".join((geocoder, market_id.hex, normal_text(text)))
    return UUID(bytes=sha256(told.encode()).digest()[:16])


async def kept_answer(work: Work, *, geocoder: str, market_id: UUID, text: str) -> Sequence[Candidate] | None:
    """What this geocoder said of the text not long ago; None when it has to be asked."""
    kept = await work.fetch_value(FIND, _key(geocoder, market_id, text), work.now)
    return None if kept is None else [Candidate.from_json(one) for one in orjson.loads(kept)]


async def keep_answer(
    work: Work, *, geocoder: str, market_id: UUID, text: str, candidates: Sequence[Candidate]
) -> None:
    """Keeps an answer until it expires; a later one takes its place."""
    said = orjson.dumps([candidate.as_json() for candidate in candidates]).decode()
    await work.execute(KEEP, _key(geocoder, market_id, text), said, work.now, work.now + KEPT_FOR)


async def forget_old_answers(work: Work) -> int:
    """Removes answers that have expired, a bounded number at a time."""
    return await work.execute(FORGET, work.now, FORGOTTEN_AT_ONCE)
