"""The public API as clients use it in the flow tests: ready-made documents over HTTP, one client for each caller."""

from typing import Any

import httpx

from schema.documents import load_document


class Caller:
    """Somebody with a credential who sends ready-made operations."""

    def __init__(self, http: httpx.AsyncClient, client: str, token: str | None) -> None:
        self.http = http
        self.client = client
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        self.count = 0

    async def __call__(self, operation: str, **variables: Any) -> Any:
        """Sends an operation and returns the value of its one root field; errors fail the test."""
        answer = await self.http.post(
            "/graphql",
            json={"query": load_document(self.client, operation), "variables": variables},
            headers=self.headers,
        )
        body = answer.json()
        assert "errors" not in body, body
        [value] = body["data"].values()
        return value

    def key(self) -> str:
        """A fresh idempotency key."""
        self.count += 1
        return f"{self.client}-{self.count}"
