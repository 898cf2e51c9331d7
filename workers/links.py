"""How messages tell recipients where to follow their parcel."""

from marketplace.accounts import Tokens
from marketplace.alerts import Links
from marketplace.app import Marketplace


def links_of(marketplace: Marketplace) -> Links:
    """Tracking links of this deployment: its key, and its address on the web."""
    settings = marketplace.settings
    return Links(tokens=Tokens(settings.secret.get_secret_value()), public_url=settings.public_url)
