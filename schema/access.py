"""Who may ask: the first wall. The second one is the SQL, which carries the caller's id in every condition."""

from uuid import UUID

from marketplace.accounts import Principal, PrincipalKind, Unauthenticated
from marketplace.core.errors import NotAllowed, NotFound
from schema.context import Info


def require_shipper(info: Info) -> Principal:
    """The calling shipper; raises Unauthenticated or NotAllowed for anybody else."""
    return _require(info, PrincipalKind.SHIPPER)


def require_driver(info: Info) -> Principal:
    """The calling driver; raises Unauthenticated or NotAllowed for anybody else."""
    return _require(info, PrincipalKind.DRIVER)


def require_operator(info: Info, market_id: UUID | None = None) -> Principal:
    """The calling operator; a market that the operator is not there for looks like none."""
    principal = _require(info, PrincipalKind.OPERATOR)
    if market_id is not None and not principal.may_see_market(market_id):
        raise NotFound("there is no such market")
    return principal


def require_dispatcher(info: Info) -> Principal:
    """The calling dispatcher of a contracted company; raises Unauthenticated or NotAllowed for anybody else."""
    return _require(info, PrincipalKind.DISPATCHER)


def require_recipient(info: Info) -> Principal:
    """The recipient of the one delivery that a tracking link is for; raises for anybody else."""
    return _require(info, PrincipalKind.RECIPIENT)


def require_one_of(info: Info, *kinds: PrincipalKind) -> Principal:
    """A caller of one of these kinds; raises Unauthenticated or NotAllowed for anybody else."""
    principal = require_principal(info)
    if principal.kind not in kinds:
        raise NotAllowed(f"this is for {' and '.join(f'{kind}s' for kind in kinds)}; you are a {principal.kind}")
    return principal


def whose_figures(principal: Principal, market_id: UUID) -> UUID | None:
    """The shipper whose figures a caller may see; None where it is operations, who see all of their market."""
    if principal.kind is PrincipalKind.SHIPPER:
        return principal.id
    if principal.kind is not PrincipalKind.OPERATOR:
        raise NotAllowed(f"figures are for operators and shippers; you are a {principal.kind}")
    if not principal.may_see_market(market_id):
        raise NotFound("there is no such market")
    return None


def require_principal(info: Info) -> Principal:
    """Whoever is calling with a credential; raises Unauthenticated without one."""
    principal = info.context.principal
    if principal is None:
        raise Unauthenticated("sign in first, or send an API key: Authorization: Bearer …")
    return principal


def _require(info: Info, kind: PrincipalKind) -> Principal:
    principal = require_principal(info)
    if principal.kind is not kind:
        raise NotAllowed(f"only a {kind} may ask for this; you are signed in as a {principal.kind}")
    return principal
