"""The pages of operations, shippers and recipients, and what their maps draw: our files, Leaflet's, and streets."""

import gzip
from pathlib import Path
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from xstatic.pkg import leaflet

from marketplace.adapters.city import Detail, streets_geojson
from schema.answers import refused
from schema.documents import NoSuchDocument, load_document
from schema.refusals import BadRequest

PAGES = Path(__file__).with_name("pages")
STREETS_KEPT_S = 3_600
ASK_AGAIN = "no-cache"
LANGUAGES = ("en", "es")
MOST_LANGUAGES = 10
"""Languages of a browser that are looked at."""
WORKER = "/static/track/worker.js"
LINK_TO_INBOX = '<a class="to-inbox" href="/inbox">Inbox</a>'


def site_routes(city: Any, *, has_inbox: bool) -> list[BaseRoute]:
    """The routes of the pages; `city` is the city pack, or None where no streets are loaded.

    The inbox is a page of development: elsewhere it is not there, and the map does not lead to it.
    """
    streets = Streets(city)
    return [
        Route("/", _to_the_console, methods=["GET"]),
        Route("/ops", _map_with_inbox if has_inbox else _map_alone, methods=["GET"]),
        Route("/ship", _ship, methods=["GET"]),
        *([Route("/inbox", _inbox, methods=["GET"])] if has_inbox else []),
        Route("/map/streets.geojson", streets.answer, methods=["GET"]),
        Mount("/static/leaflet", StaticFiles(directory=leaflet.BASE_DIR), name="leaflet"),
        Route("/static/documents/{name}.graphql", _document, methods=["GET"]),
        Route("/static/documents/recipient/{name}.graphql", _recipient_document, methods=["GET"]),
        Route("/static/documents/portal/{name}.graphql", _portal_document, methods=["GET"]),
        Route("/t/{token}", _tracking_page, methods=["GET"]),
        Route(WORKER, _worker, methods=["GET"]),
        Mount("/static", PageFiles(directory=PAGES), name="pages"),
    ]


class PageFiles(StaticFiles):
    """Our own scripts and styles: asked for anew each time, so that a page never mixes two versions of them."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """The file, or word that the browser's copy is still the latest."""
        response = super().file_response(*arguments, **options)
        response.headers["cache-control"] = ASK_AGAIN
        return response


class Streets:
    """The streets as GeoJSON, drawn once for each detail and kept packed: they do not change while a process runs."""

    def __init__(self, city: Any) -> None:
        self.city = city
        self._packed: dict[Detail, bytes] = {}

    async def answer(self, request: Request) -> Response:
        """Answers `?detail=main` or `?detail=all`."""
        wanted = request.query_params.get("detail", Detail.MAIN.value)
        if wanted not in set(Detail):
            refusal = refused(BadRequest("detail is main or all", field="detail"))
            return Response(refusal.body, status_code=refusal.status, media_type="application/json")
        if self.city is None:
            return JSONResponse({"type": "FeatureCollection", "attribution": "", "features": []})
        packed = await run_in_threadpool(self._draw, Detail(wanted))
        headers = {"cache-control": f"public, max-age={STREETS_KEPT_S}", "vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type="application/geo+json", headers=headers | {"content-encoding": "gzip"})
        return Response(gzip.decompress(packed), media_type="application/geo+json", headers=headers)

    def _draw(self, detail: Detail) -> bytes:
        if detail not in self._packed:
            self._packed[detail] = gzip.compress(orjson.dumps(streets_geojson(self.city, detail=detail)), 6)
        return self._packed[detail]


async def _map_with_inbox(_request: Request) -> Response:
    return FileResponse(PAGES / "index.html", headers={"cache-control": ASK_AGAIN})


async def _tracking_page(request: Request) -> Response:
    """A recipient's page: the same for every token, so that it tells nothing of any; its script asks the API.

    Whoever keeps logs in front of us sees the path, which holds the token: let them leave out what follows /t/.
    """
    languages = request.headers.get("accept-language", "")
    text = (PAGES / "track" / "index.html").read_text(encoding="utf-8")
    page = text.replace('<html lang="en">', f'<html lang="{preferred_language(languages)}">', 1)
    headers = {"cache-control": "no-store", "vary": "accept-language", "x-robots-tag": "noindex, nofollow"}
    return HTMLResponse(page, headers=headers)


def preferred_language(accepted: str) -> str:
    """The language of ours that an Accept-Language header likes best; English where it likes none."""
    best, weight = LANGUAGES[0], 0.0
    for part in accepted.split(",")[:MOST_LANGUAGES]:
        name, _, quality = part.strip().partition(";q=")
        language = name.lower().partition("-")[0]
        try:
            liking = float(quality or 1)
        except ValueError:
            continue
        if language in LANGUAGES and liking > weight:
            best, weight = language, liking
    return best


async def _map_alone(_request: Request) -> Response:
    text = (PAGES / "index.html").read_text(encoding="utf-8").replace(LINK_TO_INBOX, "")
    return Response(text, media_type="text/html", headers={"cache-control": ASK_AGAIN})


async def _to_the_console(_request: Request) -> Response:
    """The console has an address of its own; a browser takes the fragment along, in which a session may come."""
    return RedirectResponse("/ops", status_code=307)


async def _ship(_request: Request) -> Response:
    """The page of small shippers: the same for everybody, its script asks the API."""
    return FileResponse(PAGES / "ship" / "index.html", headers={"cache-control": ASK_AGAIN})


async def _inbox(_request: Request) -> Response:
    return FileResponse(PAGES / "inbox.html", headers={"cache-control": ASK_AGAIN})


async def _worker(_request: Request) -> Response:
    """What shows pushed messages. A browser keeps it for one tracking page, which lies elsewhere than the script."""
    headers = {"cache-control": ASK_AGAIN, "service-worker-allowed": "/t/"}
    return FileResponse(PAGES / "track" / "worker.js", media_type="text/javascript", headers=headers)


async def _document(request: Request) -> Response:
    """One of the ready-made operations of operations; the map sends the same texts as everybody else."""
    return _document_of("operations", request)


async def _recipient_document(request: Request) -> Response:
    """One of the ready-made operations of recipients, for the tracking page."""
    return _document_of("recipient", request)


async def _portal_document(request: Request) -> Response:
    """One of the ready-made operations of shippers, for their page."""
    return _document_of("portal", request)


def _document_of(client: str, request: Request) -> Response:
    try:
        text = load_document(client, request.path_params["name"])
    except NoSuchDocument:
        return Response("There is no such operation.", status_code=404, media_type="text/plain")
    return Response(text, media_type="application/graphql", headers={"cache-control": ASK_AGAIN})
