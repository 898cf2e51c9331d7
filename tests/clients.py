"""Clients of the public API as they should be: what gets no answer is sent again, unchanged, until it has one."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.core.settings import DEVELOPMENT_SECRET
from marketplace.core.work import Work
from schema.documents import load_document

PATIENCE_S = 90.0
PAUSE_S = 0.2
COME_BACK = frozenset({429, 503})


class Client:
    """Somebody with a credential who sends ready-made operations to one API process."""

    def __init__(self, http: httpx.AsyncClient, url: str, app: str, token: str) -> None:
        self.http = http
        self.url = url
        self.app = app
        self.headers = {"authorization": f"Bearer {token}"}
        self.statuses: Counter[int] = Counter()
        self.unanswered = 0

    async def __call__(self, operation: str, **variables: Any) -> Any:
        """The value of an operation's one root field, however often it had to be sent; errors fail the test."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                value = await self.once(operation, **variables)
                if value is not None and not (isinstance(value, dict) and value.get("retryable")):
                    return value
                await asyncio.sleep(PAUSE_S)

    async def once(self, operation: str, **variables: Any) -> Any:
        """Sends an operation once; None where no answer came, or only the word to come back later."""
        body = {"query": load_document(self.app, operation), "variables": variables}
        try:
            answer = await self.http.post(f"{self.url}/graphql", json=body, headers=self.headers)
        except httpx.TransportError:
            self.unanswered += 1
            return None
        self.statuses[answer.status_code] += 1
        if answer.status_code in COME_BACK:
            return None
        content = answer.json()
        assert "errors" not in content, (answer.status_code, content)
        [value] = content["data"].values()
        return value


async def token_of_driver(work: Work, driver_id: UUID) -> str:
    """An access token for a driver of the builders, good for an hour, for processes in development mode."""
    session = await open_session(
        work,
        kind=PrincipalKind.DRIVER,
        principal_id=driver_id,
        tokens=Tokens(DEVELOPMENT_SECRET),
        access_lasts=timedelta(hours=1),
    )
    return session.access_token
