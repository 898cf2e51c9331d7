"""Messages handed to a service of the company's own, which sends them by SMS, e-mail or whatever it uses."""

import httpx

from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Channel, Message
from marketplace.core.work import outside

TIME_OUT_S = 5.0
LONGEST_SUBJECT = 78


class NotifierUnavailable(Unavailable):
    """The service does not answer, or answers that it cannot now."""

    code = "NOTIFIER_UNAVAILABLE"


class HttpNotifier:
    """POSTs each message as JSON to one URL, with a bearer token where there is one.

    The content is `audience`, `address`, `text`, `channel`, and for an e-mail its `subject`.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.AsyncClient(timeout=TIME_OUT_S, headers=headers, follow_redirects=False)

    async def send(self, message: Message) -> None:
        """Hands one message over; any answer but 2xx means that it was not taken."""
        outside()
        content = {
            "audience": message.audience,
            "address": message.address,
            "text": message.text,
            "channel": message.channel.value,
        }
        if message.channel is Channel.EMAIL:
            content["subject"] = subject_of(message.text)
        try:
            answer = await self._client.post(self._url, json=content)
        except httpx.HTTPError as failure:
            raise NotifierUnavailable("the service that sends messages does not answer") from failure
        if not answer.is_success:
            raise NotifierUnavailable(f"the service that sends messages answered {answer.status_code}")

    async def aclose(self) -> None:
        """Gives back its connections."""
        await self._client.aclose()


def subject_of(text: str) -> str:
    """The first sentence of a text, cut after a word where it is too long for the line of a subject."""
    line = " ".join(text.split("\n", 1)[0].split())
    sentence = line.partition(". ")[0].rstrip(".")
    if len(sentence) <= LONGEST_SUBJECT:
        return sentence
    return sentence[: LONGEST_SUBJECT - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
