"""One request, one answer: data as the document asks for it, refusals with their words, bugs with a trace id only."""

import pytest
from graphql import get_introspection_query
from structlog.testing import capture_logs

from marketplace.core.settings import Mode, Settings
from schema.asgi import build_app
from tests.schema import sample
from tests.schema.conftest import SCHEMA, Api, Caller, TestMarketplace


async def test_dict_trees_are_answered_like_objects(api: Api) -> None:
    answer = await api.ask(
        "{trees(first:1){edges{node{id colour plantedAt valueMinor leaves{name sizeG} parent{id}}}}}"
    )

    assert answer["trees"]["edges"] == [
        {
            "node": {
                "id": "t0",
                "colour": "RED",
                "plantedAt": "2026-03-02T15:00:00.500000Z",
                "valueMinor": 1_099_511_627_776,
                "leaves": [{"name": f"l{i}", "sizeG": i} for i in range(3)],
                "parent": None,
            }
        }
    ]


async def test_a_bug_is_masked_and_logged_under_the_trace_id_of_the_answer(api: Api) -> None:
    with capture_logs() as lines:
        response = await api.send("{boom}")

    trace_id = response.headers["x-request-id"]
    assert response.status_code == 200
    assert response.json() == {
        "data": {"boom": None},
        "errors": [
            {
                "message": f"internal error; it is logged under trace id {trace_id}",
                "path": ["boom"],
                "extensions": {"code": "INTERNAL", "retryable": False, "traceId": trace_id},
            }
        ],
    }
    assert [(line["event"], line["trace_id"]) for line in lines] == [("internal error", trace_id)]
    assert isinstance(lines[0]["exc_info"], RuntimeError)


async def test_the_words_of_the_library_are_masked_too(api: Api) -> None:
    with capture_logs() as lines:
        response = await api.send("{hole{name}}")

    assert response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "name" not in response.json()["errors"][0]["message"]
    assert len(lines) == 1


async def test_a_refusal_keeps_its_words(api: Api) -> None:
    response = await api.send("{refuse}")

    assert response.status_code == 200
    assert response.json()["errors"] == [
        {
            "message": "somebody was first",
            "path": ["refuse"],
            "extensions": {"code": "TAKEN", "retryable": False, "field": "tree"},
        }
    ]


async def test_no_database_is_said_in_the_status(api: Api) -> None:
    response = await api.send("{away}")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["errors"][0]["extensions"] == {"code": "DATABASE_UNAVAILABLE", "retryable": True}


async def test_at_most_five_errors_are_answered(api: Api) -> None:
    with capture_logs():
        response = await api.send("{" + " ".join(f"b{i}:boom" for i in range(15)) + "}")

    assert len(response.json()["errors"]) == 5
    assert len(response.json()["data"]) == 15


async def test_variables_that_do_not_fit_are_a_bad_request(api: Api) -> None:
    response = await api.send("query($t:String!,$n:Int!){echo(text:$t) trees(first:$n){edges{cursor}}}", {"t": 1})

    assert response.status_code == 400
    errors = response.json()["errors"]
    assert [error["extensions"]["code"] for error in errors] == ["BAD_VARIABLES", "BAD_VARIABLES"]
    assert "$t" in errors[0]["message"]


async def test_no_name_of_the_schema_is_suggested(api: Api) -> None:
    for query, variables in (
        ("query($c:Colour){echo(colour:$c)}", {"c": "REDD"}),
        ("{echo(colour:REDD)}", None),
        ("{echo(colours:RED)}", None),
    ):
        response = await api.send(query, variables)

        assert response.status_code == 400
        assert "Did you mean" not in response.text
        assert '"RED"' not in response.text


async def test_a_subscription_is_sent_to_a_socket(api: Api) -> None:
    response = await api.send("subscription{ticks(count:1)}")

    assert response.status_code == 400
    assert "graphql-transport-ws" in response.json()["errors"][0]["message"]


async def test_the_operation_name_chooses(api: Api) -> None:
    query = "query A{a:__typename} query B{b:__typename}"

    assert (await api.send(query, operationName="B")).json() == {"data": {"b": "Query"}}
    assert (await api.send(query)).status_code == 400
    assert (await api.send(query, operationName="C")).status_code == 400


async def test_loaders_of_one_request_read_together(api: Api) -> None:
    answer = await api.ask("{a:named(number:1) b:named(number:2) c:named(number:1)}")

    assert answer == {"a": "number 1", "b": "number 2", "c": "number 1"}
    assert sample.LOADS == [[1, 2]]


async def test_the_standard_introspection_passes_in_development(api: Api) -> None:
    answer = await api.ask(get_introspection_query())

    assert "Tree" in {kind["name"] for kind in answer["__schema"]["types"]}


async def test_circles_through_the_schema_are_refused(api: Api) -> None:
    circle = "{__schema{types{fields{type{fields{type{fields{type{name}}}}}}}}}"

    assert (await api.send(circle)).status_code == 400


async def test_production_keeps_its_schema_to_itself(marketplace: TestMarketplace) -> None:
    marketplace.settings = Settings(mode=Mode.PRODUCTION)
    api = Api(build_app(marketplace, schema=SCHEMA))

    response = await api.send("{__schema{types{name}}}")

    assert response.status_code == 400
    assert (await api.send("{__typename}")).status_code == 200


@pytest.mark.parametrize(
    "credential", ["Bearer nonsense", "Bearer dsk_live_nonsense", "Basic YTpi", "Bearer", "Bearer \xff"]
)
async def test_a_credential_that_is_no_good_is_401(api: Api, credential: str) -> None:
    response = await api.send("{__typename}", headers={"authorization": credential.encode("latin-1")})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_tenant_wall_stands_in_every_resolver(
    api: Api, driver: Caller, shipper: Caller, operator: Caller
) -> None:
    async def code_for(query: str, caller: Caller | None) -> str | None:
        errors = (await api.send(query, caller=caller)).json().get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    own = f'{{forOperators(marketId:"{operator.market_id}")}}'
    foreign = f'{{forOperators(marketId:"{driver.market_id}")}}'
    assert [await code_for("{forDrivers}", caller) for caller in (None, shipper, operator, driver)] == [
        "UNAUTHENTICATED",
        "NOT_ALLOWED",
        "NOT_ALLOWED",
        None,
    ]
    assert [await code_for(own, caller) for caller in (None, shipper, driver, operator)] == [
        "UNAUTHENTICATED",
        "NOT_ALLOWED",
        "NOT_ALLOWED",
        None,
    ]
    assert await code_for(foreign, operator) == "NOT_FOUND"


async def test_what_fails_after_the_answer_is_only_logged(api: Api, marketplace: TestMarketplace) -> None:
    class Broken:
        async def send(self, _message: object) -> None:
            raise RuntimeError("no network")

    await api.ask("{clock{marketTime}}")
    marketplace.notifier = Broken()  # type: ignore[assignment]
    async with marketplace.works.open() as work:
        await work.execute(
            "INSERT INTO operator (id, name, email, created_at) VALUES ($1, 'Ana', 'ana@example.com', $2)",
            work.new_id(),
            work.now,
        )

    with capture_logs() as lines:
        answer = await api.ask(
            'mutation{requestSignInCode(kind:OPERATOR,address:"ana@example.com"){'
            "... on SignInCodeRequested{expiresInS}}}"
        )

    assert answer == {"requestSignInCode": {"expiresInS": 600}}
    assert [line["event"] for line in lines] == ["errand after the answer failed"]
