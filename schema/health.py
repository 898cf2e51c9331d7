"""Whether this process lives, and whether it can serve: for whoever starts, stops and balances processes."""

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from marketplace.core.errors import Unavailable
from marketplace.core.migrate import WrongVersion, check_version
from marketplace.core.work import Works
from schema.answers import Answer, answer_of


class Health:
    """Answers without admission, budget or credential, however busy the process is."""

    def __init__(self, works: Works) -> None:
        self.works = works
        self.is_leaving = False

    async def health(self, _request: Request) -> Response:
        """The process runs; nothing else is asked."""
        return _response(answer_of({"status": "ok"}))

    async def ready(self, _request: Request) -> Response:
        """The database answers and has the version of this code, and the process was not told to stop."""
        if self.is_leaving:
            return _response(answer_of({"status": "leaving"}, status=503))
        try:
            async with self.works.read() as connection:
                await check_version(connection)
        except WrongVersion as failure:
            return _response(answer_of({"status": "wrong version", "detail": str(failure)}, status=503))
        except (Unavailable, asyncpg.PostgresError):
            return _response(answer_of({"status": "no database"}, status=503))
        return _response(answer_of({"status": "ready"}))


def _response(answer: Answer) -> Response:
    return Response(
        answer.body, status_code=answer.status, media_type="application/json", headers={"cache-control": "no-store"}
    )
