"""GET /figures/{market}.csv: the figures of a market's days as a table, for whoever may ask `kpis`."""

from datetime import date

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from marketplace.accounts import Unauthenticated
from marketplace.analytics import KpiGroup, KpiRow, kpi_lines, kpis
from marketplace.core.errors import Invalid, Refusal
from marketplace.core.ids import from_wire
from schema.access import whose_figures
from schema.answers import refused
from schema.edge import Edge, client_address
from schema.rates import address_key

FIGURES_UNITS = 100
LONGEST_WORD = 40


class BadDownload(Invalid):
    """A table that nobody can make: days that are none, or rows of something unknown."""

    code = "BAD_DOWNLOAD"


class KpiDownload:
    """What answers where figures are downloaded."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    async def answer(self, request: Request) -> Response:
        """Sends the table line by line, or the one refusal."""
        try:
            rows = await self._rows(request)
        except Refusal as refusal:
            said = refused(refusal)
            return Response(said.body, status_code=said.status, media_type="application/json")
        headers = {"content-disposition": 'attachment; filename="figures.csv"', "cache-control": "private, no-store"}
        return StreamingResponse(iter(kpi_lines(rows)), media_type="text/csv; charset=utf-8", headers=headers)

    async def _rows(self, request: Request) -> list[KpiRow]:
        address = address_key(client_address(request.scope))
        principal = await self.edge.authenticator.principal_of(request.headers.get("authorization"), address=address)
        self.edge.spend(principal, address, FIGURES_UNITS)
        if principal is None:
            raise Unauthenticated("sign in first, or send an API key: Authorization: Bearer …")
        market = from_wire("market", request.path_params["market"][:LONGEST_WORD], field="market")
        shipper_id = whose_figures(principal, market)
        asked = {name: request.query_params.get(name, "")[:LONGEST_WORD] for name in ("from", "to", "groupBy")}
        try:
            first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
            group = KpiGroup(asked["groupBy"] or KpiGroup.DAY)
        except ValueError:
            raise BadDownload("say from and to as 2026-03-02, and groupBy as MARKET, HUB, SHIPPER or DAY") from None
        async with self.edge.marketplace.works.open() as work:
            return await kpis(work, market_id=market, first=first, last=last, group_by=group, shipper_id=shipper_id)
