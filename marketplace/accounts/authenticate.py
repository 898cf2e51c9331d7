"""Telling who a caller is from the one credential that they send with each request."""

import asyncpg

from marketplace.accounts.api_keys import KEY_PREFIX, verify_api_key
from marketplace.accounts.keeper_keys import verify_keeper_key
from marketplace.accounts.principals import Principal
from marketplace.accounts.queries import is_session_open
from marketplace.accounts.refusals import Unauthenticated
from marketplace.accounts.tokens import KEEPER_PREFIX, Tokens
from marketplace.core.clock import machine


async def authenticate(connection: asyncpg.Connection, *, credential: str, tokens: Tokens) -> Principal:
    """The caller behind a key or an access token; raises Unauthenticated when it is no longer good.

    An access token alone would outlive a sign-out or a suspension by minutes, so its session is looked up too.
    """
    if credential.startswith(KEY_PREFIX):
        return await verify_api_key(connection, credential)
    if credential.startswith(KEEPER_PREFIX):
        return await verify_keeper_key(connection, credential)
    principal = tokens.read_access(credential)
    if not await is_session_open(connection, principal, machine()):
        raise Unauthenticated("this session has ended; sign in again")
    return principal
