"""Whoever earns opens an account to be paid on: asks for the provider's page, and tells there who they are.

A driver does so for themselves, a company's dispatcher for the company, whose account its people's work is paid to.
"""

from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable

OPERATIONS = {
    "driver": ("my_payout_account", "payout_onboarding_link"),
    "company": ("company_payout_account", "company_onboarding_link"),
}
"""How each app asks for the account and for the page, by the app's name."""


async def open_account(api: ApiClient) -> None:
    """Fills in the provider's page, where the account is not ready yet; without one what is earned waits."""
    account, link = OPERATIONS[api.app]
    try:
        if (await api.ask(account))["state"] == "READY":
            return
        pages = {"returnUrl": f"{api.api_url}/", "refreshUrl": f"{api.api_url}/"}
        await api.visit((await api.ask(link, pages))["url"])
    except (Refused, Unreachable):
        return  # what is earned waits on the wallet until there is an account
