"""Letters go over TLS to the very address that was checked, once, and answers are cut where they go too far."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from marketplace.adapters.webhooks import HttpCourier
from marketplace.webhooks import LONGEST_ANSWER, Answer, Failure, Letter, UnsafeUrl
from tests.marketplace.webhooks.receivers import Receiver, open_receiver

BODY = b'{"type":"TestEvent"}'


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine, without encryption."""
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
async def courier() -> AsyncIterator[HttpCourier]:
    """A courier that may talk to this machine."""
    courier = HttpCourier(may_loop_back=True)
    yield courier
    await courier.aclose()


@pytest.fixture
async def strict() -> AsyncIterator[HttpCourier]:
    """A courier as production has it."""
    courier = HttpCourier()
    yield courier
    await courier.aclose()


async def post(courier: HttpCourier, url: str) -> Answer:
    return await courier.post(Letter(url=url, headers={"webhook-id": "msg_1"}, body=BODY))


async def test_a_letter_arrives_as_it_is(courier: HttpCourier, receiver: Receiver) -> None:
    answer = await post(courier, receiver.url + "/good?key=1")

    (heard,) = receiver.heard
    assert (answer.status, answer.failure, answer.text) == (200, None, "thanks\N{REPLACEMENT CHARACTER}")
    assert (heard.path, heard.body) == ("/good?key=1", BODY)
    assert heard.headers["host"] == receiver.url.removeprefix("http://")
    assert heard.headers["webhook-id"] == "msg_1"
    assert heard.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "failure"),
    [(201, None), (204, None), (302, Failure.REDIRECT), (400, Failure.STATUS), (500, Failure.STATUS)],
)
async def test_only_2xx_counts_as_taken(
    courier: HttpCourier, receiver: Receiver, status: int, failure: Failure | None
) -> None:
    receiver.statuses["/said"] = [status]
    receiver.extra["/said"] = f"location: {receiver.url}/elsewhere\r\n"

    answer = await post(courier, receiver.url + "/said")

    assert (answer.status, answer.failure) == (status, failure)
    assert [heard.path for heard in receiver.heard] == ["/said"]


async def test_an_endless_answer_is_cut(courier: HttpCourier, receiver: Receiver) -> None:
    answer = await post(courier, receiver.url + "/endless")

    assert (answer.status, answer.failure) == (200, Failure.ANSWER_TOO_LONG)
    assert answer.text == "x" * 500
    assert LONGEST_ANSWER == 65_536


@pytest.mark.parametrize("path", ["/slow", "/drip"])
async def test_nobody_has_more_than_five_seconds(courier: HttpCourier, receiver: Receiver, path: str) -> None:
    answer = await post(courier, receiver.url + path)

    assert answer.failure is Failure.TIMEOUT
    assert answer.latency_ms >= 4_900


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("soon", None),
        ("-5", None),
        ("1" * 30, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
async def test_retry_after_is_read(courier: HttpCourier, receiver: Receiver, said: str, wanted: float | None) -> None:
    receiver.statuses["/busy"], receiver.extra["/busy"] = [503], f"retry-after: {said}\r\n"

    assert (await post(courier, receiver.url + "/busy")).retry_after_s == wanted


async def test_retry_after_may_be_a_date(courier: HttpCourier, receiver: Receiver) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    receiver.statuses["/busy"], receiver.extra["/busy"] = [503], f"retry-after: {then}\r\n"

    assert 3_500 < ((await post(courier, receiver.url + "/busy")).retry_after_s or 0) <= 3_600


async def test_nobody_there_is_a_failure_like_any_other(courier: HttpCourier) -> None:
    answer = await post(courier, "http://127.0.0.1:9/")

    assert (answer.status, answer.failure) == (None, Failure.CONNECTION)


async def test_a_receiver_that_leaves_without_a_word_has_taken_nothing(
    courier: HttpCourier, receiver: Receiver
) -> None:
    answer = await post(courier, receiver.url + "/drop")

    assert (answer.status, answer.failure, answer.text) == (None, Failure.CONNECTION, "")
    assert [heard.path for heard in receiver.heard] == ["/drop"]


REFUSED = [
    "http://8.8.8.8/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://169.254.169.254/latest",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
    "https://user:word@8.8.8.8/", "https://8.8.8.8/#part", "https:///path", "ftp://8.8.8.8/", "file:///etc/passwd",
    "https://8.8.8.8/" + "x" * 500, "https://8.8.8.8:99999/", "not an address", "https://b\xfc.example/",
    "https://no-such-host.invalid/", "https://100.64.0.1/", "https://[fd00::1]/", "https://0.0.0.0/",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED)
async def test_an_unsafe_address_is_refused_when_it_is_registered_and_when_it_is_used(
    strict: HttpCourier, url: str
) -> None:
    with pytest.raises(UnsafeUrl) as caught:
        await strict.check(url)
    answer = await post(strict, url)

    assert caught.value.field == "url"
    assert answer.status is None
    assert answer.failure in {Failure.REFUSED_ADDRESS, Failure.UNKNOWN_HOST}


async def test_a_public_address_is_let_through(strict: HttpCourier) -> None:
    await strict.check("https://8.8.8.8/hear")


async def test_even_in_development_only_this_machine_is_let_through(courier: HttpCourier) -> None:
    await courier.check("http://127.0.0.1:8080/hear")
    for url in ("http://10.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(UnsafeUrl):
            await courier.check(url)


async def test_a_name_that_answers_differently_later_is_refused_when_it_is_used(receiver: Receiver) -> None:
    answers = iter([["8.8.8.8"], ["8.8.8.8", "127.0.0.1"]])
    courier = HttpCourier(look_up=lambda _host, _port: next(answers))
    await courier.check("https://shop.example/")

    answer = await post(courier, "https://shop.example/")
    await courier.aclose()

    assert answer.failure is Failure.REFUSED_ADDRESS
    assert receiver.heard == []


class Certificates:
    """A certificate authority of the test, and a receiver's certificate for one name."""

    def __init__(self, folder: Path, name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        path = folder / "certificate.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        self.of_receiver = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.of_receiver.load_cert_chain(path)
        self.of_courier = ssl.create_default_context(cafile=str(path))


async def test_the_certificate_is_that_of_the_name_and_not_of_the_number(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path, "shop.example")
    courier = HttpCourier(
        may_loop_back=True, certificates=certificates.of_courier, look_up=lambda _host, _port: ["127.0.0.1"]
    )
    async with open_receiver(certificates.of_receiver) as receiver:
        port = receiver.url.rpartition(":")[2]

        good = await post(courier, f"https://shop.example:{port}/hear")
        other = await post(courier, f"https://other.example:{port}/hear")

    await courier.aclose()
    assert (good.status, good.failure) == (200, None)
    assert (other.status, other.failure) == (None, Failure.CONNECTION)
    assert [heard.headers["host"] for heard in receiver.heard] == [f"shop.example:{port}"]


async def test_whoever_asks_for_a_name_while_it_is_looked_up_waits_for_the_same_answer() -> None:
    asked: list[str] = []

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        time.sleep(0.2)
        return ["8.8.8.8"]

    courier = HttpCourier(look_up=look_up)

    await asyncio.gather(*(courier.check("https://shop.example/") for _ in range(50)))
    await courier.check("https://shop.example/")

    await courier.aclose()
    assert asked == ["shop.example"] * 2


async def test_one_receiver_on_this_machine_may_be_let_in_and_no_other(receiver: Receiver) -> None:
    place = receiver.url.removeprefix("http://")
    courier = HttpCourier(only_loop_back_to=place)

    assert (await post(courier, f"{receiver.url}/good")).failure is None
    for url in ("http://127.0.0.1:9/good", "https://127.0.0.1/good", receiver.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(UnsafeUrl):
            await courier.check(url)
        assert (await post(courier, url)).failure is Failure.REFUSED_ADDRESS
    await courier.aclose()
