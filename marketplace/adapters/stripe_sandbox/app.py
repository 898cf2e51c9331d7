"""The stand-in as a web application: Stripe's paths, and its own below `/_sandbox`."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from marketplace.adapters.stripe_sandbox.checkout_page import PAID
from marketplace.adapters.stripe_sandbox.control import PREFIX, Control
from marketplace.adapters.stripe_sandbox.courier import Courier
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.exchange import Answer, Door, Request
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox

METHODS = ["GET", "POST", "DELETE"]
LARGEST_BODY = 1_000_000
CUT_CONNECTION = "doorstep.cut_connection"
"""The extension of the server by which a connection ends without an answer."""


def build_app(sandbox: Sandbox, courier: Courier) -> Starlette:
    """The application around one stand-in."""
    door, control = Door(sandbox), Control(sandbox, courier)

    async def serve_stripe(request: WebRequest) -> Response:
        body = await request.body()
        if len(body) > LARGEST_BODY:
            return _json(413, StripeError("The request is too large.").body)
        admitted = door.admit(
            Request(
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                headers=dict(request.headers),
                body=body,
            )
        )
        if isinstance(admitted, Answer):
            return _response(admitted)
        await asyncio.sleep(admitted.slow_s)
        answer = door.finish(admitted)
        if answer.loss is not None:
            await _lose(request, answer.loss, admitted.hang_s)
        return _response(answer)

    async def serve_control(request: WebRequest) -> Response:
        try:
            wishes = orjson.loads(await request.body() or b"{}")
            return _json(200, await control.obey(request.method, request.url.path.rstrip("/"), wishes))
        except (orjson.JSONDecodeError, StripeError) as problem:
            if isinstance(problem, StripeError):
                return _json(problem.status, problem.body)
            return _json(400, {"error": {"message": "A command is one JSON object."}})

    async def serve_onboarding(request: WebRequest) -> Response:
        try:
            return RedirectResponse(control.follow(request.path_params["link"]), status_code=303)
        except StripeError as problem:
            return _json(problem.status, problem.body)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/checkout/{{session}}", partial(_check_out, control), methods=["GET", "POST"]),
            Route(f"{PREFIX}/onboarding/{{link}}", serve_onboarding, methods=["GET"]),
            Route(f"{PREFIX}{{path:path}}", serve_control, methods=METHODS),
            Route("/{path:path}", serve_stripe, methods=METHODS),
        ]
    )


async def _check_out(control: Control, request: WebRequest) -> Response:
    key, said = request.path_params["session"], ""
    try:
        if request.method == "POST":
            form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            outcome, said = control.check_out(key, form.get("action", ""), form.get("card", ""))
            if outcome == PAID:
                return RedirectResponse(said, status_code=303)
        return HTMLResponse(control.checkout(key, said))
    except StripeError as problem:
        return _json(problem.status, problem.body)


async def _lose(request: WebRequest, loss: str, hang_s: float) -> None:
    """Ends the connection without an answer, at once or after the caller has waited in vain."""
    if loss == "hang":
        with suppress(TimeoutError):
            async with asyncio.timeout(hang_s):
                await request.receive()  # the body was read: the next news is that the caller has gone
    cut = request.scope["extensions"].get(CUT_CONNECTION)
    if cut is not None:
        cut["cut"]()
    await asyncio.sleep(0)


def _response(answer: Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=answer.headers)


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status_code=status, media_type="application/json")
