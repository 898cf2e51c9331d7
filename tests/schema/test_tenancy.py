"""Who hears what: every root field of the schema, asked by every kind of caller, with things of another tenant.

The operations are made from the schema, their arguments from their types, and each asks for everything that its field
can answer. A field without a line in the table below, or with an argument that nothing is known for, fails the test.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from functools import cache
from typing import Any
from uuid import uuid4

import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.errors import Refusal
from marketplace.tracking import EventStreams
from marketplace.tracking.cursor import write_cursor
from schema.execution import stream
from schema.results import engine_schema
from schema.schema import schema as strawberry_schema
from tests.cloning import AT_ONCE
from tests.conftest import NOW
from tests.schema.filling import IdOf, Variables, id_paths, ways_to_ask
from tests.schema.tenants import SECRETS, Tenants, Things, open_tenants, things_of_nobody
from tests.schema.whole_fields import root_fields, whole_operations
from tests.waiting import until

SCHEMA = engine_schema(strawberry_schema)
FIELDS = root_fields(SCHEMA)
KINDS = ("shipper", "driver", "operator", "recipient", "dispatcher", "keeper")
EVERYBODY, SIGNED_IN = None, frozenset(KINDS)
SHIPPER, DRIVER, OPERATOR = frozenset({"shipper"}), frozenset({"driver"}), frozenset({"operator"})
RECIPIENT, DISPATCHER, KEEPER = frozenset({"recipient"}), frozenset({"dispatcher"}), frozenset({"keeper"})

WHO_MAY_ASK: dict[str, frozenset[str] | None] = {
    # Nobody has to sign in for these
    "clock": EVERYBODY,
    "requestSignInCode": EVERYBODY,
    "signIn": EVERYBODY,
    "refreshSession": EVERYBODY,
    # Whoever is signed in, about oneself
    "me": SIGNED_IN,
    "signOut": SIGNED_IN,
    "eventCursor": SIGNED_IN,
    # A contracted company, about its own
    "myCompany": DISPATCHER,
    "companyDrivers": DISPATCHER,
    "companyRoutes": DISPATCHER,
    "companyPay": DISPATCHER,
    # The way into the fleet
    "applyToDrive": EVERYBODY,
    "myPapers": DRIVER,
    "createDocumentUpload": DRIVER,
    "addVehicle": DRIVER,
    "chooseVehicle": DRIVER,
    "setPreferences": DRIVER,
    "setLanguage": DRIVER,
    # Standing and suspensions
    "standingRules": EVERYBODY,
    "myStanding": DRIVER,
    "myFairness": DRIVER,
    "suspensionFile": DRIVER | OPERATOR,
    "askCorrection": DRIVER,
    "appealSuspension": DRIVER,
    "driverStanding": OPERATOR,
    "standingAttention": OPERATOR,
    "fairness": OPERATOR,
    "answerCorrection": OPERATOR,
    "proposeSuspension": OPERATOR,
    "decideSuspension": OPERATOR,
    "decideAppeal": OPERATOR,
    "endSuspension": OPERATOR,
    "fleetAttention": OPERATOR,
    "companies": OPERATOR,
    "checkDocument": OPERATOR,
    "checkVehicle": OPERATOR,
    "approveDriver": OPERATOR,
    "activateDriver": OPERATOR,
    "planShift": OPERATOR,
    "addCompany": OPERATOR,
    "addDispatcher": OPERATOR,
    "setCompanyTerms": OPERATOR,
    "endCompany": OPERATOR,
    # Operations of one market
    "markets": OPERATOR,
    "deadJobs": OPERATOR,
    "replayJob": OPERATOR,
    "heldStatements": OPERATOR,
    "releaseStatement": OPERATOR,
    "moneyAttention": OPERATOR,
    "payOfYear": OPERATOR,
    "runPayouts": OPERATOR,
    "holdPayout": OPERATOR,
    "releasePayout": OPERATOR,
    "reversePayout": OPERATOR,
    "adjustDriverPay": OPERATOR,
    "operatorActions": OPERATOR,
    "reconciliations": OPERATOR,
    "payPeriods": OPERATOR,
    "openOperations": OPERATOR,
    "foreignEvents": OPERATOR,
    "bookMovement": OPERATOR,
    # Blocks: a company sees and cancels its own; whose blocks those are is never an argument
    "blocks": OPERATOR | DRIVER | DISPATCHER,
    "blocksNeeded": OPERATOR,
    "publishBlocks": OPERATOR | DISPATCHER,
    "cancelBlock": OPERATOR | DISPATCHER,
    "signUpForBlock": DRIVER,
    "leaveBlock": DRIVER,
    "myBlocks": DRIVER,
    "surge": OPERATOR | DRIVER | SHIPPER,
    "surgeDecisions": OPERATOR,
    "surgeFigures": OPERATOR,
    "setSurge": OPERATOR,
    "clearSurge": OPERATOR,
    "freezeSurge": OPERATOR,
    "market": OPERATOR,
    "etaQuality": OPERATOR,
    "liveDrivers": OPERATOR,
    "liveRoutes": OPERATOR,
    "waitingDeliveries": OPERATOR,
    "unassignedDeliveries": OPERATOR,
    "dryRun": OPERATOR,
    "explainDelivery": OPERATOR,
    "explainDriver": OPERATOR,
    "explainOffer": OPERATOR | DRIVER,
    "setMarketDials": OPERATOR,
    "payPolicies": OPERATOR,
    "payPolicyPacks": OPERATOR,
    "setPayPolicy": OPERATOR,
    "adoptPayPolicyPack": OPERATOR,
    "payStatement": OPERATOR | DRIVER,
    "marketEvents": OPERATOR,
    # Shippers; a market is a city and no secret to them
    "hubs": SHIPPER | OPERATOR,
    "batch": SHIPPER,
    "batches": SHIPPER,
    "delivery": SHIPPER,
    "deliveries": SHIPPER,
    "quoteBatch": SHIPPER,
    "postBatch": SHIPPER,
    "cancelDelivery": SHIPPER,
    "tipDriver": SHIPPER,
    "deliveryEvents": SHIPPER | RECIPIENT,
    "cancellationFee": SHIPPER,
    # What is posted again and again
    "recurringBatches": SHIPPER,
    "recurringBatch": SHIPPER,
    "previewRecurrence": SHIPPER,
    "createRecurringBatch": SHIPPER,
    "changeRecurringBatch": SHIPPER,
    "pauseRecurringBatch": SHIPPER,
    "resumeRecurringBatch": SHIPPER,
    "endRecurringBatch": SHIPPER,
    "skipOccurrence": SHIPPER,
    "myBilling": SHIPPER,
    "charges": SHIPPER,
    "invoices": SHIPPER,
    "invoice": SHIPPER,
    "rateCards": SHIPPER,
    "setUpCard": SHIPPER,
    "authenticateCharge": SHIPPER,
    "topUp": SHIPPER,
    "webhooks": SHIPPER,
    "webhookAttempts": SHIPPER,
    "webhookAttention": OPERATOR,
    "registerWebhook": SHIPPER,
    "rotateWebhookSecret": SHIPPER,
    "enableWebhook": SHIPPER,
    "disableWebhook": SHIPPER,
    "deleteWebhook": SHIPPER,
    "sendTestEvent": SHIPPER,
    "replayWebhook": SHIPPER,
    # Shippers' money, for operations of the market
    "shipperBilling": OPERATOR,
    "shipperCharges": OPERATOR,
    "shipperInvoices": OPERATOR,
    "shipperRateCards": OPERATOR,
    "billingAttention": OPERATOR,
    "setBillingTerms": OPERATOR,
    "setRateCard": OPERATOR,
    "refundCharge": OPERATOR,
    "redrawInvoice": OPERATOR,
    "refundDelivery": OPERATOR,
    "issueCreditNote": OPERATOR,
    "grantGoodwill": OPERATOR,
    "eraseRecipient": SHIPPER | OPERATOR,
    # Windows, for shippers and recipients; hubs' terms, for operations
    "deliveryWindows": SHIPPER | RECIPIENT,
    "holdWindow": SHIPPER | RECIPIENT,
    "bookWindow": SHIPPER | RECIPIENT,
    "revokeWindow": SHIPPER | RECIPIENT,
    "hubOpening": OPERATOR,
    "hubPromises": SHIPPER | OPERATOR,
    "setHubOpening": OPERATOR,
    # Parcels that nobody takes, and addresses that are not known
    "failureWishes": SHIPPER,
    "setFailurePolicy": SHIPPER,
    "attemptFigures": SHIPPER | OPERATOR,
    "rescheduleDelivery": SHIPPER | OPERATOR,
    "returnDelivery": OPERATOR,
    "chooseRedelivery": RECIPIENT,
    "searchStreets": SHIPPER | OPERATOR,
    "addressesToReview": OPERATOR,
    "dropPointsToReview": OPERATOR,
    "resolveAddress": OPERATOR,
    "settleDropPoint": OPERATOR,
    # What people are told
    "alertPolicy": SHIPPER,
    "setAlertPolicy": SHIPPER,
    "notifications": SHIPPER,
    "alertLog": OPERATOR,
    # Recipients
    "trackedDelivery": RECIPIENT,
    "leaveInstructions": RECIPIENT,
    "chooseSafePlace": RECIPIENT,
    "giveTip": RECIPIENT,
    "rateDelivery": RECIPIENT,
    "pushKey": RECIPIENT,
    "subscribeBrowser": RECIPIENT,
    "unsubscribeBrowser": RECIPIENT,
    # Drivers
    "myProfile": DRIVER,
    "myOffers": DRIVER,
    "myRoute": DRIVER,
    "myEarnings": DRIVER,
    "myStatements": DRIVER,
    "myPayouts": DRIVER,
    "goOnline": DRIVER,
    "goOffline": DRIVER,
    "reportPositions": DRIVER,
    "acceptOffer": DRIVER,
    "declineOffer": DRIVER,
    "viewOffer": DRIVER,
    "startRoute": DRIVER,
    "arriveAtStop": DRIVER,
    "pickUp": DRIVER,
    "dropOff": DRIVER,
    "failStop": DRIVER,
    "correctPin": DRIVER,
    "createProofUpload": DRIVER,
    "requestPayout": DRIVER,
    "payoutQuote": DRIVER,
    "myPayoutAccount": DRIVER,
    "payoutOnboardingLink": DRIVER,
    "payout": DRIVER | OPERATOR,
    "offerEvents": DRIVER,
    "routeEvents": DRIVER,
    # Companies' pay, papers and vehicles
    "companyPayouts": DISPATCHER,
    "companyPayoutAccount": DISPATCHER,
    "companyOnboardingLink": DISPATCHER,
    "companyPayoutQuote": DISPATCHER,
    "requestCompanyPayout": DISPATCHER,
    "enterDocument": OPERATOR,
    "openDocument": OPERATOR,
    "addDocumentPicture": OPERATOR,
    "addCompanyVehicle": OPERATOR,
    "retireVehicle": OPERATOR,
    # Figures of days
    "kpis": OPERATOR | SHIPPER,
    # Stock at hubs
    "setSku": SHIPPER,
    "hubStock": SHIPPER | OPERATOR,
    "hubAdvice": OPERATOR,
    "receiveStock": SHIPPER | OPERATOR,
    "countStock": SHIPPER | OPERATOR,
    "setReplenishment": SHIPPER | OPERATOR,
    "transferStock": SHIPPER | OPERATOR,
    # Claims, sectors and custody
    "sectors": EVERYBODY,
    "custody": SHIPPER | OPERATOR,
    "setDock": SHIPPER,
    "dockSlots": SHIPPER,
    "holdDockSlot": SHIPPER,
    "bookDockSlot": SHIPPER,
    "claims": SHIPPER | RECIPIENT | DRIVER | OPERATOR,
    "createClaimUpload": SHIPPER | RECIPIENT | DRIVER,
    "openClaim": SHIPPER | RECIPIENT,
    "addClaimEvidence": SHIPPER | RECIPIENT,
    "withdrawClaim": SHIPPER | RECIPIENT,
    "answerClaim": DRIVER,
    "askClaimEvidence": OPERATOR,
    "acceptClaim": OPERATOR,
    "rejectClaim": OPERATOR,
    # Steering by hand
    "needsAttention": OPERATOR,
    "reassignments": OPERATOR,
    "cellsAround": OPERATOR,
    "cellsWithin": OPERATOR,
    "zonePauses": OPERATOR,
    "myReassignments": DRIVER,
    "reassignRoute": OPERATOR,
    "cancelReassignment": OPERATOR,
    "acceptReassignment": DRIVER,
    "declineReassignment": DRIVER,
    "giveParcels": DRIVER,
    "takeParcels": DRIVER,
    "assignDelivery": OPERATOR,
    "offerDelivery": OPERATOR,
    "assignRoute": OPERATOR,
    "unassignRoute": OPERATOR,
    "messageDriver": OPERATOR,
    "settleColdBreach": OPERATOR,
    "proposeSubstitute": OPERATOR,
    "answerSubstitution": RECIPIENT,
    "pauseZone": OPERATOR,
    "resumeZone": OPERATOR,
    # Service levels
    "ruralZones": SHIPPER | OPERATOR,
    "handOverPoints": SHIPPER | OPERATOR,
    "nearbyPoints": RECIPIENT,
    "myParcels": KEEPER,
    "pointParcels": OPERATOR,
    "setHandOverPoint": OPERATOR,
    "giveKeeperKey": OPERATOR,
    "collectParcel": KEEPER | OPERATOR,
    "chooseHandOverPoint": RECIPIENT,
    "setRuralZone": OPERATOR,
    "serviceArea": SHIPPER,
    "serviceLevels": SHIPPER,
    "capacityReservations": SHIPPER,
    "shipperCapacityReservations": OPERATOR,
    "reserveCapacity": OPERATOR,
    "changeReservation": OPERATOR,
    "endReservation": OPERATOR,
    "experienceGoals": SHIPPER,
    "shipperExperienceGoals": OPERATOR,
    "setExperienceGoal": OPERATOR,
    "shipperServiceArea": OPERATOR,
    "shipperServiceLevels": OPERATOR,
    "setServiceArea": OPERATOR,
    "setServiceLevel": OPERATOR,
}

NAMES = sorted(WHO_MAY_ASK.keys() & FIELDS.keys())
ID_PATHS = {
    name: {path for argument, given in FIELDS[name][1].args.items() for path in id_paths(argument, given.type)}
    for name in NAMES
}
STREAMS = [name for name in NAMES if FIELDS[name][0] == "subscription"]
ANSWERED = [name for name in NAMES if name not in STREAMS]
WITH_IDS = [name for name in ANSWERED if ID_PATHS[name]]
QUERIES = [name for name in ANSWERED if FIELDS[name][0] == "query"]
OF_A_CITY = frozenset({"applyToDrive", "registerWebhook", "setSku", "setDock", "holdDockSlot"})
"""Changes whose only id is that of a market, which is open to all."""
AGREED = (
    "setBillingTerms", "setRateCard", "setServiceArea", "setServiceLevel", "reserveCapacity", "setExperienceGoal",
)  # fmt: skip
OPEN = {name: {"shipperId"} for name in AGREED} | {"setHandOverPoint": {"facts.shipperId"}}
"""A shipper belongs to no market: operations of each may agree terms before the first batch."""
STOPPED_BEFORE = {
    ("approveDriver", "companyId"),
    ("dropOff", "proofIds"),
    *((name, where) for name in ("setReplenishment", "transferStock") for where in ("all", "shipperId")),
    ("dropOff", "care.deliveryId"),
    ("openClaim", "proofIds"),
    ("assignDelivery", "deliveryId"),
    ("assignRoute", "routeId"),
    ("giveParcels", "parcels"),
    ("takeParcels", "parcels"),
    *(
        (name, f"template.deliveries.{end}AppointmentId")
        for name in ("createRecurringBatch", "changeRecurringBatch")
        for end in ("pickup", "dropoff")
    ),
}
"""One's own driver is approved already and not dedicated, one's own stop is a pickup, goods go from one hub to another
one, what recurs has no appointment of one day, what is still on its way is not claimed, and nobody agreed to take the
route over: what stands beside them is not looked at."""
SAYS_THAT_THERE_IS_NONE = {"NOT_FOUND", "NO_SUCH_POINT", "PROOF_MISSING", "UNKNOWN_SKU", "BAD_CARE"}
"""Also of one among several: a proof, a shipper's goods, a parcel of the stop."""


@pytest.fixture(scope="module")
async def tenants(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tenants]:
    """Two tenants of each kind, in a database that all tests of this file share: none of them changes a thing."""
    name = f"doorstep_tenants_{uuid4().hex[:12]}"
    admin = await connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
    url = with_database(server_url, name)
    async with (
        open_database(url, pool_size=6) as database,
        open_tenants(url, database, ManualClock(NOW), tmp_path_factory.mktemp("tenants")) as opened,
    ):
        yield opened
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@cache
def texts(name: str) -> list[str]:
    """The operations that together ask for everything that a field can answer."""
    return whole_operations(SCHEMA, name)


def ids_of(things: Things) -> IdOf:
    """Asks for somebody's things."""
    return lambda _path, noun: things.id_of(noun)


def operations(name: str, id_of: IdOf) -> Iterator[tuple[str, Variables]]:
    """The ways to ask for a field with such ids."""
    for variables in ways_to_ask(name, FIELDS[name][1], id_of):
        for text in texts(name):
            yield text, variables


def cases(tenants: Tenants, kind: str, name: str) -> Iterator[tuple[str, IdOf, IdOf]]:
    """What is somebody else's and what is nothing, and where they differ: everywhere, then in one argument only, with
    one's own things in all others. A market is a city, and no secret but to an operator of another one.
    """
    own, theirs, nothing = tenants.own[kind], tenants.things, things_of_nobody()
    if kind != "operator":
        nothing = Things(**asdict(nothing) | {"market": theirs.market})
    yield "all", ids_of(theirs), ids_of(nothing)
    for path in sorted(ID_PATHS[name] - OPEN.get(name, frozenset())) if len(ID_PATHS[name]) > 1 else ():
        yield path, only_at(path, theirs, own), only_at(path, nothing, own)


def only_at(here: str, others: Things, own: Things) -> IdOf:
    """Asks for one's own things, but for one."""
    return lambda path, noun: (others if path == here else own).id_of(noun)


def refusal(answer: Any, name: str) -> tuple[str, str] | None:
    """Code and message of a refusal, in whichever of the two forms it came."""
    if "errors" in answer:
        (error,) = answer["errors"]
        return error["extensions"]["code"], error["message"]
    value = answer["data"][name]
    if isinstance(value, dict) and value.get("__typename") == "Problem":
        return value["code"], value["message"]
    return None


def leaks(text: str) -> list[str]:
    """What of the first tenants stands in an answer."""
    return [name for name, secret in SECRETS.items() if secret in text]


def leaked_ids(text: str, things: Things, variables: Variables) -> list[str]:
    """Ids of the first tenants' things that stand in an answer and were not asked with; the market is common."""
    return [one for one in things if one in text and one not in str(variables) and not one.startswith("mkt_")]


def test_every_root_field_has_its_callers() -> None:
    assert WHO_MAY_ASK.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_known_and_every_id_is_asked_with(name: str) -> None:
    asked: set[str] = set()

    def note(path: str, noun: str) -> str:
        asked.add(path)
        return things_of_nobody().id_of(noun)

    assert ways_to_ask(name, FIELDS[name][1], note)
    assert asked == ID_PATHS[name]


@pytest.mark.parametrize("name", [name for name in ANSWERED if WHO_MAY_ASK[name] is not EVERYBODY])
async def test_whoever_is_of_the_wrong_kind_is_told_just_that(tenants: Tenants, name: str) -> None:
    allowed = WHO_MAY_ASK[name]
    assert allowed is not None

    for kind in (None, *sorted(set(KINDS) - allowed)):
        answers = []
        for things in (tenants.things, things_of_nobody()):
            *_, variables = ways_to_ask(name, FIELDS[name][1], ids_of(things))
            answers.append(await tenants.try_out(texts(name)[0], variables, tenants.second[kind] if kind else None))

        said = refusal(answers[0].json(), name)
        assert said is not None, (kind, answers[0].text)
        assert said[0] == ("NOT_ALLOWED" if kind else "UNAUTHENTICATED"), kind
        assert answers[0].content == answers[1].content, kind
        assert leaks(answers[0].text) == [], kind


@pytest.mark.parametrize("name", WITH_IDS)
async def test_a_thing_of_somebody_else_looks_like_none(tenants: Tenants, name: str) -> None:
    for kind in sorted(WHO_MAY_ASK[name] or SIGNED_IN):
        for where, theirs, nothing in cases(tenants, kind, name):
            said: set[str | None] = set()
            pairs = zip(operations(name, theirs), operations(name, nothing), strict=True)
            for (text, of_theirs), (_, of_nothing) in pairs:
                if of_theirs == of_nothing:
                    continue
                foreign = await tenants.try_out(text, of_theirs, tenants.second[kind])
                missing = await tenants.try_out(text, of_nothing, tenants.second[kind])

                assert foreign.content == missing.content, (kind, where, of_theirs)
                assert leaks(foreign.text) == leaked_ids(foreign.text, tenants.things, of_theirs) == [], kind
                said.add((refusal(foreign.json(), name) or (None,))[0])
            is_reached = not said or bool(said & {None, *SAYS_THAT_THERE_IS_NONE}) or (name, where) in STOPPED_BEFORE
            assert is_reached, f"{name} says {said} and does not look at {where}: give what it wants in OVERRIDES"


@pytest.mark.parametrize("name", [name for name in WITH_IDS if FIELDS[name][0] == "mutation" and name not in OF_A_CITY])
async def test_a_change_of_somebody_elses_thing_is_refused(tenants: Tenants, name: str) -> None:
    for kind in sorted(WHO_MAY_ASK[name] or ()):
        for text, variables in operations(name, ids_of(tenants.things)):
            answer = (await tenants.try_out(text, variables, tenants.second[kind])).json()

            value = answer["data"][name]
            problems = [value, *(value.get("problems") or ()), *(row["problem"] for row in value.get("rows") or ())]
            assert any("code" in problem for problem in problems), (kind, variables)


@pytest.mark.parametrize("name", QUERIES)
async def test_what_one_reads_of_oneself_holds_nothing_of_others(tenants: Tenants, name: str) -> None:
    for kind in sorted(WHO_MAY_ASK[name] or SIGNED_IN):
        for text, variables in operations(name, ids_of(tenants.own[kind])):
            response = await tenants.try_out(text, variables, tenants.second[kind])

            assert leaks(response.text) == leaked_ids(response.text, tenants.things, variables) == [], kind


@pytest.mark.parametrize(
    ("name", "kind", "seen"),
    [
        ("me", "shipper", {"shipper"}),
        ("hubs", "shipper", {"hub", "hub's address", "latitude of hub"}),
        ("batch", "shipper", {"address", "recipient", "recipient's phone", "pin", "package", "instructions"}),
        ("delivery", "shipper", {"address", "recipient", "pin", "pickup", "latitude of home", "longitude of home"}),
        ("deliveries", "shipper", {"address", "pin"}),
        ("recurringBatches", "shipper", {"recurring batch"}),
        ("recurringBatch", "shipper", {"recurring batch", "address", "latitude of home"}),
        ("trackedDelivery", "recipient", {"shipper", "address", "pin", "latitude of home", "longitude of home"}),
        ("myProfile", "driver", {"driver"}),
        ("myRoute", "driver", {"address", "recipient", "recipient's phone", "instructions", "latitude of home"}),
        ("liveDrivers", "operator", {"driver", "where the driver is"}),
        ("myCompany", "dispatcher", {"company"}),
        ("companyDrivers", "dispatcher", {"company's driver"}),
        ("companies", "operator", {"company"}),
        ("fleetAttention", "operator", {"paper", "vehicle", "driver"}),
        ("myPapers", "driver", {"vehicle"}),
        ("liveRoutes", "operator", {"latitude of home"}),
        ("unassignedDeliveries", "operator", {"address"}),
        ("market", "operator", {"market"}),
        ("markets", "operator", {"market"}),
        ("deadJobs", "operator", {"job"}),
        ("heldStatements", "operator", {"statement"}),
        ("operatorActions", "operator", {"action"}),
        ("invoice", "shipper", {"invoice line"}),
        ("invoices", "shipper", {"invoice line"}),
        ("charges", "shipper", {"charge"}),
        ("shipperCharges", "operator", {"charge"}),
        ("shipperInvoices", "operator", {"invoice line"}),
        ("myBilling", "shipper", {"credit limit"}),
        ("shipperBilling", "operator", {"credit limit"}),
        ("rateCards", "shipper", {"rate card"}),
        ("webhooks", "shipper", {"webhook"}),
        ("webhookAttempts", "shipper", {"what a receiver said"}),
        ("webhookAttention", "operator", {"webhook"}),
        ("shipperRateCards", "operator", {"rate card"}),
    ],
)
async def test_its_owner_reads_it(tenants: Tenants, name: str, kind: str, seen: set[str]) -> None:
    """Else the tests above would prove nothing."""
    responses = [
        await tenants.try_out(*asked, tenants.first[kind]) for asked in operations(name, ids_of(tenants.things))
    ]

    assert [response.json().get("errors") for response in responses] == [None] * len(responses)
    assert seen <= set(leaks("".join(response.text for response in responses)))


@pytest.mark.parametrize("name", ["myRoute", "myOffers", "myProfile"])
async def test_a_driver_never_reads_a_pin(tenants: Tenants, name: str) -> None:
    for asked in operations(name, ids_of(tenants.things)):
        response = await tenants.try_out(*asked, tenants.first["driver"])

        assert response.json()["data"][name]
        assert "pin" not in leaks(response.text)


async def hear(
    tenants: Tenants, name: str, asked: tuple[str, Variables], credential: str | None
) -> tuple[list[Any], str]:
    """What a subscriber hears of all that has happened, and with what code the stream ends when the server stops."""
    text, variables = asked
    heard: list[Any] = []
    async with EventStreams(tenants.marketplace.works, tenants.marketplace.database_url) as streams:
        edge = tenants.edge_with(streams)
        authorization = f"Bearer {credential}" if credential else None
        principal = await edge.authenticator.principal_of(authorization, address="127.0.0.1")
        operation = edge.documents.prepare(text).select(None)
        context = edge.context(principal=principal, address="127.0.0.1", request_id="test")
        variables["after"] = write_cursor(tenants.market.id, 0)

        async def listen() -> str:
            try:
                async for answer in stream(edge.schema, operation, variables, context):
                    heard.append(orjson.loads(answer)["data"][name])  # noqa: PERF401 - what was heard stays when the stream is cut
            except Refusal as end:
                return end.code
            raise AssertionError("a stream ends with a refusal")

        listening = asyncio.create_task(listen())
        await until(lambda: listening.done() or any(feed._subscribers for feed in streams._feeds.values()))
    return heard, await listening


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_is_for_its_kind_of_caller(tenants: Tenants, name: str) -> None:
    for kind in (None, *sorted(set(KINDS) - (WHO_MAY_ASK[name] or SIGNED_IN))):
        for asked in operations(name, ids_of(tenants.things)):
            heard = await hear(tenants, name, asked, tenants.first[kind] if kind else None)

            assert heard == ([], "NOT_ALLOWED" if kind else "UNAUTHENTICATED"), kind


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("offerEvents", ["OfferSent"]),
        ("routeEvents", ["RouteStarted"]),
        ("deliveryEvents", ["DeliveryPosted"]),
        ("marketEvents", ["DeliveryPosted", "OfferSent", "RouteStarted"]),
    ],
)
async def test_a_stream_tells_its_owner_and_nobody_else(tenants: Tenants, name: str, told: list[str]) -> None:
    for kind in sorted(WHO_MAY_ASK[name] or SIGNED_IN):
        for asked in operations(name, ids_of(tenants.things)):
            if "marketId" in FIELDS[name][1].args and "marketId" not in asked[1]:
                continue  # who is not of one market names it
            own, _ = await hear(tenants, name, asked, tenants.first[kind])
            others = await hear(tenants, name, asked, tenants.second[kind])

            assert [event["name"] for event in own] == told
            # A recipient's stream is the market's own: a cursor of another one is none.
            refused = {"operator": "NOT_FOUND", "recipient": "CURSOR_EXPIRED"}
            assert others == ([], refused.get(kind, "STREAM_ENDED"))
            assert leaks(str(own)) == []
