"""A driver opens an account to be paid on: asks for the provider's page, and tells there who they are."""

from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable


async def open_account(api: ApiClient) -> None:
    """Fills in the provider's page, where the account is not ready yet; without one the driver earns all the same."""
    try:
        if (await api.ask("my_payout_account"))["state"] == "READY":
            return
        pages = {"returnUrl": f"{api.api_url}/", "refreshUrl": f"{api.api_url}/"}
        link = await api.ask("payout_onboarding_link", pages)
        await api.visit(link["url"])
    except (Refused, Unreachable):
        return  # what is earned waits on the wallet until there is an account
