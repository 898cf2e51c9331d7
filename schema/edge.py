"""What one process of the API shares among all its requests and sockets."""

from dataclasses import dataclass
from typing import Any, Self

import strawberry
from graphql import GraphQLSchema

from marketplace.accounts import Principal, Tokens
from schema.authentication import Authenticator
from schema.context import EdgeMarketplace, RequestContext
from schema.documents import ready_made_documents
from schema.load import Load
from schema.prepared import Documents
from schema.rates import Rates, usual_rates
from schema.refusals import RateLimited
from schema.results import engine_schema

PREPARE_UNITS = 25
"""What reading a document that is not known yet takes from the budget, beside the cost of the operation."""
SCHEMA_UNITS = 200
"""What reading the schema itself takes: its answer is long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The marketplace behind the schema, and the guards in front of it."""

    marketplace: EdgeMarketplace
    schema: GraphQLSchema
    documents: Documents
    load: Load
    rates: Rates
    tokens: Tokens
    authenticator: Authenticator

    @classmethod
    def of(cls, marketplace: EdgeMarketplace, schema: strawberry.Schema, rates: Rates | None = None) -> Self:
        """Builds the guards as the settings of the marketplace ask for."""
        settings = marketplace.settings
        rates = rates or usual_rates(caller_units_per_s=settings.caller_units_per_s)
        tokens = Tokens(settings.secret.get_secret_value())
        return cls(
            marketplace=marketplace,
            schema=engine_schema(schema),
            documents=Documents(
                engine_schema(schema),
                ready_made=ready_made_documents(),
                may_read_schema=not settings.is_production,
            ),
            load=Load(settings.requests_in_flight),
            rates=rates,
            tokens=tokens,
            authenticator=Authenticator(marketplace.works, tokens, rates),
        )

    def context(self, *, principal: Principal | None, address: str, request_id: str) -> RequestContext:
        """The context of one request."""
        return RequestContext(
            marketplace=self.marketplace,
            principal=principal,
            request_id=request_id,
            address=address,
            tokens=self.tokens,
            forget_session=self.authenticator.forget,
        )

    def spend(self, principal: Principal | None, address: str, units: float, *, is_priority: bool = False) -> int:
        """Takes units from the budget of the caller, or of the address of one who has not said who it is.

        A priority operation for which the caller's budget is too small is paid from the caller's budget for duties.
        """
        if principal is None:
            return self.rates.addresses.spend(address, units)
        try:
            return self.rates.callers.spend(principal.id, units)
        except RateLimited:
            if not is_priority:
                raise
            return self.rates.duties.spend(principal.id, units)


def client_address(scope: Any) -> str:
    """The address of the client as the server in front of us tells it."""
    client = scope.get("client")
    return client[0] if client else "unknown"
