"""Webhook endpoints and events: who wants to hear of what, and what has happened."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import API_VERSION, Record, plain

FIELDS = ("url", "enabled_events")


def create_webhook_endpoint(call: Call) -> Record:
    """A new endpoint; its secret is told this once. With `connect` it hears of connected accounts only."""
    _check_url(call.params["url"])
    secret = call.new_id("whsec")
    endpoint = call.add(
        "webhook_endpoint",
        {
            "id": call.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": call.params.get("api_version", API_VERSION),
            "application": None,
            "created": call.now,
            "description": call.params.get("description"),
            "enabled_events": call.params["enabled_events"],
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "status": "enabled",
            "url": call.params["url"],
            "_connect": bool(call.params.get("connect")),
            "_secret": secret,
        },
    )
    return plain(endpoint) | {"secret": secret}


def retrieve_webhook_endpoint(call: Call) -> Record:
    """One endpoint, without its secret."""
    return call.named("webhook_endpoint", "webhook_endpoint")


def list_webhook_endpoints(call: Call) -> Record:
    """Endpoints, newest first."""
    return page(call, call.rows("webhook_endpoint"), "/v1/webhook_endpoints")


def update_webhook_endpoint(call: Call) -> Record:
    """Changes what is given; `disabled` stops an endpoint."""
    endpoint = call.named("webhook_endpoint", "webhook_endpoint")
    if "url" in call.params:
        _check_url(call.params["url"])
    endpoint.update({name: call.params[name] for name in (*FIELDS, "description") if name in call.params})
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    endpoint["metadata"] = merged_metadata(endpoint["metadata"], call.params.get("metadata"))
    return endpoint


def delete_webhook_endpoint(call: Call) -> Record:
    """Takes an endpoint away; what is on its way to it is given up."""
    endpoint = call.named("webhook_endpoint", "webhook_endpoint")
    call.draft.remove("webhook_endpoint", endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def retrieve_event(call: Call) -> Record:
    """One event, with the object as it was then."""
    return call.find("event", call.path["id"])


def list_events(call: Call) -> Record:
    """Events, newest first."""
    rows = call.rows("event")
    if "types" in call.params:
        rows = [row for row in rows if row["type"] in call.params["types"]]
    if "type" in call.params:
        wanted = call.params["type"]
        is_family = wanted.endswith("*")
        rows = [row for row in rows if row["type"] == wanted or (is_family and row["type"].startswith(wanted[:-1]))]
    return page(call, rows, "/v1/events")


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise StripeError("Invalid URL: an endpoint needs http or https.", code="url_invalid", param="url")
