"""Who takes part in a claim: its shipper, the recipient of its delivery, its driver, or an operator of its market."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.accounts import Principal, PrincipalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A side of a claim, which every condition about it carries: what is of others looks like nothing."""

    kind: PrincipalKind
    id: UUID
    market_id: UUID | None = None

    @classmethod
    def of(cls, principal: Principal, market_id: UUID | None = None) -> "Party":
        """The caller as a side; an operator stands for one market."""
        assert principal.kind is not PrincipalKind.OPERATOR or market_id is not None, "an operator names a market"
        return cls(kind=principal.kind, id=principal.id, market_id=market_id)

    @property
    def scope(self) -> tuple[UUID | None, UUID | None, UUID | None, UUID | None]:
        """Shipper, delivery, driver and market that a claim must be of; exactly one of them is set."""
        of = {
            PrincipalKind.SHIPPER: (self.id, None, None, None),
            PrincipalKind.RECIPIENT: (None, self.id, None, None),
            PrincipalKind.DRIVER: (None, None, self.id, None),
            PrincipalKind.OPERATOR: (None, None, None, self.market_id),
        }
        return of[self.kind]
