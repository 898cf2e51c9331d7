"""What the edge itself refuses, before any noun is asked: bad requests, bad documents, too much at once."""

from typing import Any

from marketplace.core.errors import Invalid, LimitReached, Unavailable


class BadRequest(Invalid):
    """The body is not a GraphQL request."""

    code = "BAD_REQUEST"


class WrongMethod(Invalid):
    """Only POST carries operations."""

    code = "METHOD_NOT_ALLOWED"


class NotJson(Invalid):
    """Only application/json is read, which also keeps foreign web pages from sending forms here."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class BodyTooLarge(Invalid):
    """The body is over its limit."""

    code = "BODY_TOO_LARGE"


class BodyTooSlow(Invalid):
    """The body took too long to arrive."""

    code = "BODY_TOO_SLOW"


class BadDocument(Invalid):
    """The document is not GraphQL, does not fit the schema, or its variables do not; `errors` are ready to send."""

    code = "BAD_DOCUMENT"

    def __init__(self, message: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.errors = errors


class QueryLimit(Invalid):
    """The document asks for more than one request may."""

    code = "QUERY_LIMIT"


class RateLimited(LimitReached):
    """This caller has used up its budget; it fills again with time."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Overloaded(Unavailable):
    """This process has as many requests in flight as it can serve well."""

    code = "OVERLOADED"


class TooManyAtOnce(LimitReached):
    """This caller holds as many sockets, subscriptions or uploads as one may."""

    code = "TOO_MANY_AT_ONCE"
