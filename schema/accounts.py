"""Signing in by phone or e-mail, keeping the session alive, and who one is."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from marketplace.accounts import (
    Principal,
    PrincipalKind,
    SignedIn,
    Unauthenticated,
    read_own_name,
    refresh_session,
    request_sign_in_code,
    sign_in,
    sign_out,
)
from marketplace.core.errors import Refusal
from marketplace.core.ids import to_wire
from schema.access import require_principal
from schema.context import Info
from schema.fields import query
from schema.mutations import change, mutation
from schema.problem import Problem, problem_of


@strawberry.enum(description="Who signs in with a one-time code. Shippers use API keys instead.")
class SignInKind(Enum):
    """Drivers by phone, operators and dispatchers by e-mail."""

    DRIVER = PrincipalKind.DRIVER
    OPERATOR = PrincipalKind.OPERATOR
    DISPATCHER = PrincipalKind.DISPATCHER


@strawberry.type(description="A caller as the marketplace knows it.")
class Me:
    """The account behind the credential of this request."""

    kind: str = strawberry.field(description="shipper, driver, operator, dispatcher, keeper or recipient.")
    id: strawberry.ID = strawberry.field(
        description="shp_…, drv_…, opr_… or dsp_…; of a recipient the dlv_… of the link."
    )
    name: str = strawberry.field(description="The name of the company or person.")
    market_id: strawberry.ID | None = strawberry.field(
        description="mkt_…: the city of a driver, dispatcher, keeper or recipient, or the only one of an operator."
    )
    is_test: bool = strawberry.field(description="Whether the API key is a test key.")
    expires_at: datetime | None = strawberry.field(
        description="Machine time at which the access token ends; null for API keys."
    )


@strawberry.type(description="A code is on its way, if somebody signs in with this address.")
class SignInCodeRequested:
    """The same answer for every address, known or not."""

    expires_in_s: int = strawberry.field(description="Seconds for which the code is good.")


@strawberry.type(
    description="An open session. Keep both tokens secret; send the access token as Authorization: Bearer."
)
class Session:
    """The tokens of a session."""

    access_token: str = strawberry.field(description="Good for 15 minutes.")
    access_expires_at: datetime = strawberry.field(description="Machine time at which the access token ends.")
    refresh_token: str = strawberry.field(
        description="Good for 30 days and one refresh; using an old one ends the session."
    )
    refresh_expires_at: datetime = strawberry.field(description="Machine time at which the refresh token ends.")


@strawberry.type(description="The session is over.")
class SignedOut:
    """Signing out succeeded."""

    is_signed_out: bool = strawberry.field(description="Always true.")


Kind = Annotated[SignInKind, strawberry.argument(description="Who signs in.")]
Address = Annotated[
    str, strawberry.argument(description="A driver's phone, such as +56912345678, or an e-mail address.")
]
CodeResult = Annotated[SignInCodeRequested | Problem, strawberry.union("RequestSignInCodeResult")]
SessionResult = Annotated[Session | Problem, strawberry.union("SessionResult")]
SignOutResult = Annotated[SignedOut | Problem, strawberry.union("SignOutResult")]


@strawberry.type
class Query:
    """Who is asking."""

    @query(description="The caller. Needs a credential of any kind.")
    async def me(self, info: Info) -> Me:
        """Reads the caller's own account, and no other."""
        principal = require_principal(info)
        async with info.context.marketplace.works.read() as connection:
            name = await read_own_name(connection, principal)
        if name is None:
            raise Unauthenticated("this account is gone")
        return _me(principal, name)


@strawberry.type
class Mutation:
    """Signing in, refreshing and signing out. None takes an idempotencyKey: each is safe to repeat by itself."""

    @mutation(
        description="Sends a one-time code of six digits. The answer is the same whether or not the address is known."
        " At most 3 codes for an address in 15 minutes."
    )
    async def request_sign_in_code(self, info: Info, kind: Kind, address: Address) -> CodeResult:
        """Makes a code and sends it once the answer is on its way, so that its time tells nothing either."""
        context = info.context
        message = await change(
            info,
            lambda work: request_sign_in_code(work, kind=kind.value, address=address, tokens=context.tokens),
        )
        if message is not None:
            context.after_answer(lambda: context.marketplace.notifier.send(message))
        return SignInCodeRequested(expires_in_s=600)

    @mutation(description="Opens a session with a one-time code. A code takes 5 tries and works once.")
    async def sign_in(
        self,
        info: Info,
        kind: Kind,
        address: Address,
        code: Annotated[str, strawberry.argument(description="The six digits that were sent.")],
    ) -> SessionResult:
        """Tries a code."""
        tokens = info.context.tokens
        return _session(
            await change(info, lambda work: sign_in(work, kind=kind.value, address=address, code=code, tokens=tokens))
        )

    @mutation(
        description="New tokens for an open session; send no Authorization header with it. Repeating it with the same"
        " token within 30 seconds gives the same answer, so a lost answer does no harm."
    )
    async def refresh_session(
        self,
        info: Info,
        refresh_token: Annotated[str, strawberry.argument(description="The latest refresh token.")],
    ) -> SessionResult:
        """Refreshes a session."""
        tokens = info.context.tokens
        return _session(
            await change(info, lambda work: refresh_session(work, refresh_token=refresh_token, tokens=tokens))
        )

    @mutation(description="Ends the session of the caller. Its access tokens stop within 15 seconds everywhere.")
    async def sign_out(self, info: Info) -> SignOutResult:
        """Signs out."""
        principal = require_principal(info)
        await change(info, lambda work: sign_out(work, principal=principal))
        info.context.forget_session(principal.session_id)
        return SignedOut(is_signed_out=True)


def _me(principal: Principal, name: str) -> Me:
    nouns = {PrincipalKind.RECIPIENT: "delivery", PrincipalKind.KEEPER: "hand_over_point"}
    noun = nouns.get(principal.kind, principal.kind.value)
    return Me(
        kind=principal.kind.value,
        id=strawberry.ID(to_wire(noun, principal.id)),
        name=name,
        market_id=strawberry.ID(to_wire("market", principal.market_id)) if principal.market_id else None,
        is_test=principal.is_test,
        expires_at=principal.expires_at,
    )


def _session(outcome: SignedIn | Refusal) -> Session | Problem:
    if isinstance(outcome, Refusal):
        return problem_of(outcome)
    return Session(
        access_token=outcome.access_token,
        access_expires_at=outcome.access_expires_at,
        refresh_token=outcome.refresh_token,
        refresh_expires_at=outcome.refresh_expires_at,
    )
