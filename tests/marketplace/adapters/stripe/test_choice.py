"""Which payment provider a market has follows from its settings."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from marketplace.adapters.stripe import ClosedProvider, DevelopmentStripe, StripeProvider
from marketplace.app import open_provider
from marketplace.core.settings import Mode, Settings
from marketplace.payments import Endpoint, FrozenOperation, OperationKind, ProviderBusy


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, DevelopmentStripe),
        ({"stripe_url": "http://127.0.0.1:12111"}, StripeProvider),
        ({"stripe_secret_key": SecretStr("sk_test_x")}, StripeProvider),
        ({"mode": Mode.PRODUCTION}, ClosedProvider),
        ({"mode": Mode.PRODUCTION, "stripe_secret_key": SecretStr("sk_live_x")}, StripeProvider),
    ],
)
async def test_the_provider_is_that_of_the_settings(tmp_path: Path, changes: dict[str, Any], kind: type) -> None:
    settings = Settings(state_folder=tmp_path).model_copy(update={"stripe_secret_key": None, **changes})

    provider = open_provider(settings, factor=1.0)

    await provider.aclose()
    assert type(provider) is kind
    assert not is_anything_in(tmp_path)  # nothing is started before it is needed


async def test_secrets_of_each_address_are_read_one_by_one(tmp_path: Path) -> None:
    settings = Settings(state_folder=tmp_path).model_copy(
        update={
            "stripe_secret_key": SecretStr("sk_test_x"),
            "stripe_webhook_secrets": SecretStr("whsec_a, whsec_b"),
            "stripe_connect_webhook_secrets": SecretStr("whsec_c"),
        }
    )
    provider = open_provider(settings, factor=1.0)

    await provider.aclose()
    assert isinstance(provider, StripeProvider)
    assert provider._secrets(Endpoint.PLATFORM) == ("whsec_a", "whsec_b")
    assert provider._secrets(Endpoint.CONNECT) == ("whsec_c",)


async def test_without_a_provider_everything_waits() -> None:
    operation = FrozenOperation(id=uuid4(), kind=OperationKind.TRANSFER, account=None, body=b"{}", epoch=0, amount=None)
    provider = ClosedProvider()

    for asked in (provider.send, provider.find):
        with pytest.raises(ProviderBusy, match="STRIPE_SECRET_KEY"):
            await asked(operation)


def is_anything_in(folder: Path) -> bool:
    return any(folder.iterdir())
