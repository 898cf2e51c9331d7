"""Where a driver's pay goes: the account at the payment provider, and the page on which it is filled in."""

from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import Invalid
from marketplace.payouts import (
    AccountOpening,
    AccountStage,
    find_company_account,
    find_payout_account,
    open_company_account,
    open_payout_account,
)
from schema.access import require_dispatcher, require_driver
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import change, mutation
from schema.problem import Problem
from schema.scalars import DateTime

LONGEST_ADDRESS = 500


class BadAddressOfPage(Invalid):
    """An address that no browser could go back to."""

    code = "BAD_PAGE_ADDRESS"


@strawberry.type(description="The own account of a driver or a company at the payment provider, which pay goes to.")
class PayoutAccount:
    """A payout account."""

    state: AccountStage = strawberry.field(description="How far it is.")
    words: str = strawberry.field(description="What that means for whoever is paid, in a sentence.")
    currently_due: list[str] = strawberry.field(
        description="What the payment provider asks for, in its own words, at most 40.", metadata=usually(3)
    )
    deadline: DateTime | None = strawberry.field(description="Until when it asks; after that it stops the account.")
    disabled_reason: str | None = strawberry.field(description="Why it is stopped, in the provider's own word.")
    held_until: DateTime | None = strawberry.field(
        description="Until when nothing is paid because the bank or card was changed, market time."
    )
    can_pay_at_once: bool = strawberry.field(description="Whether instant payouts are possible.")


@strawberry.type(description="A page of the payment provider, for this payee alone and for a few minutes.")
class PayoutOnboardingLink:
    """A link."""

    url: str = strawberry.field(description="Open it in a browser; it works once. Ask again for another.")


PayoutOnboardingLinkResult = Annotated[PayoutOnboardingLink | Problem, strawberry.union("PayoutOnboardingLinkResult")]
PageAddress = Annotated[
    str, strawberry.argument(description="http:// or https://, at most 500 characters; a page of the driver's app.")
]


@strawberry.type
class Query:
    """The calling driver's account."""

    @query(description="Where your pay goes, and what is still asked before you can be paid.")
    async def my_payout_account(self, info: Info) -> PayoutAccount:
        """Reads the account."""
        driver = require_driver(info)
        async with info.context.marketplace.works.open() as work:
            found = await find_payout_account(work.connection, payee_id=driver.id, now=work.now)
        return cast("PayoutAccount", found)

    @query(description="Where your company's pay goes, and what is still asked before it can be paid.")
    async def company_payout_account(self, info: Info) -> PayoutAccount:
        """Reads the account of one's own company."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            return cast("PayoutAccount", await find_company_account(work, dispatcher_id=dispatcher.id))


@strawberry.type
class Mutation:
    """Filling it in."""

    @mutation(
        description="A fresh page on which you tell our payment provider who you are and where your pay shall go. The"
        " first time your account is opened, which takes a moment: the answer is PAYOUT_ACCOUNT_OPENING, ask again."
        " Takes no idempotencyKey: each call is another page, and none has an effect of its own."
    )
    async def payout_onboarding_link(
        self, info: Info, return_url: PageAddress, refresh_url: PageAddress
    ) -> PayoutOnboardingLinkResult:
        """Opens the account if need be, and asks the provider for a page."""
        driver = require_driver(info)
        _check_addresses(return_url, refresh_url)
        account = await change(info, lambda work: open_payout_account(work, driver_id=driver.driver_id))
        return await _link(info, account, return_url=return_url, refresh_url=refresh_url)

    @mutation(
        description="A fresh page on which you tell our payment provider about your company and where its pay shall go."
        " The first time the account is opened, which takes a moment: the answer is PAYOUT_ACCOUNT_OPENING, ask again."
        " Takes no idempotencyKey: each call is another page, and none has an effect of its own."
    )
    async def company_onboarding_link(
        self, info: Info, return_url: PageAddress, refresh_url: PageAddress
    ) -> PayoutOnboardingLinkResult:
        """Opens the company's account if need be, and asks the provider for a page."""
        dispatcher = require_dispatcher(info)
        _check_addresses(return_url, refresh_url)
        account = await change(info, lambda work: open_company_account(work, dispatcher_id=dispatcher.id))
        return await _link(info, account, return_url=return_url, refresh_url=refresh_url)


def _check_addresses(return_url: str, refresh_url: str) -> None:
    for name, address in (("returnUrl", return_url), ("refreshUrl", refresh_url)):
        if not address.startswith(("https://", "http://")) or len(address) > LONGEST_ADDRESS:
            raise BadAddressOfPage("an address is http:// or https:// and at most 500 characters", field=name)


async def _link(info: Info, account: str | None, *, return_url: str, refresh_url: str) -> PayoutOnboardingLink:
    if account is None:
        raise AccountOpening("your account is being opened; ask again in a moment")
    url = await info.context.marketplace.provider.onboarding_link(
        account, refresh_url=refresh_url, return_url=return_url
    )
    return PayoutOnboardingLink(url=url)
