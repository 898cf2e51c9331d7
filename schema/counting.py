"""Counts answers over HTTP by route and status; what was asked for in the path is never part of a name."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.core.metrics import HTTP_ANSWERS

PAGES = "pages"
"""Stands for every path that is not one of the doors below: there are many, and callers make up more."""
DOORS = ("graphql", "uploads", "proofs", "documents", "figures", "webhooks", "health", "ready")


class Counting:
    """Looks at the start of every answer of the application behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        door = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        route = door if door in DOORS else PAGES

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                HTTP_ANSWERS.labels(route, str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, send_counted)
