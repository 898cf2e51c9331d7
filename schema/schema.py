"""The schema: one list of nouns, each of which brings its own queries, mutations and subscriptions."""

from collections.abc import Sequence
from types import ModuleType

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema import (
    accounts,
    addresses,
    alerts,
    attempts,
    attention,
    batches,
    billing,
    billing_operations,
    blocks,
    browsers,
    claims,
    clock,
    companies,
    docks,
    dry_runs,
    erasures,
    eta_quality,
    events,
    explanations,
    fleet,
    fleet_operations,
    goals,
    hub_advice,
    hubs,
    kpis,
    lying_open,
    markets,
    money_operations,
    offers,
    onboarding,
    operations,
    pay,
    pay_periods,
    pay_policies,
    payout_accounts,
    points,
    quotes,
    rate_cards,
    reassignments,
    recipients,
    reconciliation,
    recurring_batches,
    reservations,
    routes,
    rural,
    sectors,
    service_areas,
    service_levels,
    shipper_webhooks,
    standing,
    steering,
    stock,
    substitutions,
    surge,
    suspensions,
    windows,
)
from schema.inputs import read_inputs_directly
from schema.results import read_field, read_fields_directly
from schema.scalars import SCALARS

NOUNS: tuple[ModuleType, ...] = (
    # In the order of the story. A module takes part with what it has of Query, Mutation and Subscription.
    clock,
    accounts,
    markets,
    hubs,
    pay_policies,
    surge,
    quotes,
    batches,
    recurring_batches,
    windows,
    attempts,
    stock,
    docks,
    addresses,
    fleet,
    onboarding,
    fleet_operations,
    companies,
    blocks,
    offers,
    explanations,
    dry_runs,
    routes,
    sectors,
    substitutions,
    reassignments,
    recipients,
    standing,
    suspensions,
    alerts,
    browsers,
    erasures,
    pay,
    pay_periods,
    rate_cards,
    service_levels,
    service_areas,
    reservations,
    goals,
    rural,
    points,
    billing,
    billing_operations,
    claims,
    payout_accounts,
    shipper_webhooks,
    attention,
    steering,
    operations,
    money_operations,
    reconciliation,
    lying_open,
    eta_quality,
    kpis,
    hub_advice,
    events,
)


def build_schema(nouns: Sequence[ModuleType] = NOUNS, *, is_sorted: bool = False) -> strawberry.Schema:
    """Joins what the nouns bring into one schema.

    A sorted one is for reading only: sorting makes new types, and strawberry no longer knows the members of unions.
    """
    schema = strawberry.Schema(
        query=_joined("Query", nouns) or strawberry.type(type("Query", (), {})),
        mutation=_joined("Mutation", nouns),
        subscription=_joined("Subscription", nouns),
        config=StrawberryConfig(
            default_resolver=read_field,
            scalar_map=SCALARS,
            sort_schema=is_sorted,
            disable_field_suggestions=True,
        ),
    )
    read_fields_directly(schema)
    read_inputs_directly(schema)
    return schema


def _joined(root: str, nouns: Sequence[ModuleType]) -> type | None:
    parts = tuple(getattr(noun, root) for noun in nouns if hasattr(noun, root))
    return merge_types(root, parts) if parts else None


schema = build_schema()
