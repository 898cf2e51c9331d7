"""Keys of those who keep hand-over points: each is good for one point, until another is given.

A key is worked out from its id with a key of this deployment, so that the answer that shows it can be given again; the
database keeps its digest alone.
"""

import asyncpg

from marketplace.accounts.api_keys import digest_of
from marketplace.accounts.principals import Principal, PrincipalKind
from marketplace.accounts.refusals import Unauthenticated

FIND_POINT = "SELECT id, market_id FROM hand_over_point WHERE key_digest = $1"


async def verify_keeper_key(connection: asyncpg.Connection, secret: str) -> Principal:
    """The keeper of the point that a key is for; raises Unauthenticated for any other."""
    row = await connection.fetchrow(FIND_POINT, digest_of(secret))
    if row is None:
        raise Unauthenticated("this key of a hand-over point is not known, or another was given since")
    return Principal(kind=PrincipalKind.KEEPER, id=row["id"], market_id=row["market_id"])
