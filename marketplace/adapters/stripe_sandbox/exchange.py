"""One request and its answer, as Stripe's front door handles them: key, version, account, parameters, idempotency."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError, not_modelled, server_error
from marketplace.adapters.stripe_sandbox.expansion import expanded
from marketplace.adapters.stripe_sandbox.faults import take_request_fault
from marketplace.adapters.stripe_sandbox.forms import parse_form
from marketplace.adapters.stripe_sandbox.idempotency import Saved, check_key, in_use, recall, remember
from marketplace.adapters.stripe_sandbox.operations import Operation, find_operation
from marketplace.adapters.stripe_sandbox.records import API_VERSION, PLATFORM, Record
from marketplace.adapters.stripe_sandbox.redaction import redacted
from marketplace.adapters.stripe_sandbox.sandbox import Sandbox
from marketplace.adapters.stripe_sandbox.validation import checked
from marketplace.adapters.stripe_sandbox.views import view

NEVER_CARRIED_OUT = {"timeout_before": "hang", "reset_before": "reset"}
CARRIED_OUT_AND_LOST = {"timeout_after": "hang", "reset_after": "reset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came over the wire; names of headers are in small letters."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back. `loss` says that it does not arrive: the connection hangs for a while, or is reset."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    loss: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A request that may be carried out, and the fault that it will meet."""

    request: Request
    operation: Operation
    call: Call
    fault: Record | None
    key: str | None

    @property
    def slow_s(self) -> float:
        """How long the request takes."""
        return float(self.fault["delay_s"]) if self.fault and self.fault["fault"] == "slow" else 0.0

    @property
    def hang_s(self) -> float:
        """How long a lost connection stays open."""
        return float(self.fault["delay_s"]) if self.fault else 0.0


class Door:
    """Takes requests in and sees them through. Between `admit` and `finish` a request holds its key."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._keys_in_use: set[tuple[str, str]] = set()

    def answer(self, request: Request) -> Answer:
        """Both steps at once, for callers in the same process."""
        admitted = self.admit(request)
        return admitted if isinstance(admitted, Answer) else self.finish(admitted)

    def admit(self, request: Request) -> Admitted | Answer:
        """Checks a request as far as nothing is done yet; a refusal is not kept under the key."""
        self.sandbox.catch_up()
        request_id = self.sandbox.new_id("req")
        call = replace(self.sandbox.call(), request_id=request_id)
        try:
            admitted = self._check(request, call)
        except StripeError as refusal:
            self._log(request, call, refusal.status, error=refusal.error)
            return _answer(call, refusal.status, orjson.dumps(refusal.body))
        # The script counts this request, whatever becomes of it.
        self.sandbox.keep(admitted.call)
        if admitted.key is not None:
            self._keys_in_use.add((admitted.call.account, admitted.key))
        return admitted

    def finish(self, admitted: Admitted) -> Answer:
        """Carries the request out as far as its fault allows."""
        try:
            call = replace(self.sandbox.call(), **_kept_fields(admitted.call))
            return self._carry_out(admitted, call)
        finally:
            self._keys_in_use.discard((admitted.call.account, admitted.key or ""))

    def _check(self, request: Request, call: Call) -> Admitted:
        _check_secret(request.headers.get("authorization", ""))
        found = find_operation(request.method, request.path)
        if found is None:
            raise StripeError(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)
        operation, path = found
        _check_version(request.headers.get("stripe-version"))
        params = checked(operation.name, _form(request))
        for name in params.keys() - operation.modelled:
            raise not_modelled(f"the parameter {name} of {operation.name}", param=name)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        account = self._account(request, call)
        call = replace(call, account=account, path=path, params=params, idempotency_key=key)
        if key is not None:
            check_key(key)
            if (account, key) in self._keys_in_use:
                raise in_use(key)
        fault = take_request_fault(call, operation.name)
        return Admitted(request=request, operation=operation, call=call, fault=fault, key=key)

    def _account(self, request: Request, call: Call) -> str:
        name = request.headers.get("stripe-account", PLATFORM)
        account = call.draft.get("account", name)
        if account is None or account.get("deleted"):
            raise StripeError(
                f"The provided key does not have access to account '{name}' (or that account does not exist).",
                status=403,
                code="account_invalid",
            )
        return name

    def _carry_out(self, admitted: Admitted, call: Call) -> Answer:
        fault = admitted.fault or {}
        kind = fault.get("fault")
        if kind in NEVER_CARRIED_OUT:
            self._log(admitted.request, call, 0, fault=kind)
            return Answer(status=500, body=b"", loss=NEVER_CARRIED_OUT[kind])
        if kind in {"error_unsaved", "conflict", "rate_limit"}:
            refusal = _scripted(kind, admitted)
            return self._refused(admitted, call, refusal)
        answer = self._run(admitted, call)
        if kind in CARRIED_OUT_AND_LOST:
            return replace(answer, loss=CARRIED_OUT_AND_LOST[kind])
        if kind == "error_after":
            refusal = server_error(fault["status"])
            return _answer(call, refusal.status, orjson.dumps(refusal.body), should_retry=fault["should_retry"])
        return answer

    def _run(self, admitted: Admitted, call: Call) -> Answer:
        """The first answer under the key again, or the deed and its first answer, kept together."""
        fault = admitted.fault or {}
        try:
            saved = recall(call, admitted.key, admitted.request.path) if admitted.key else None
        except StripeError as mismatch:
            return self._refused(admitted, call, mismatch)
        if saved is not None:
            self._log(admitted.request, call, saved.status, fault=fault.get("fault"), is_replay=True)
            return _answer(
                call, saved.status, saved.body.encode(), replay_of=saved, should_retry=fault.get("should_retry")
            )
        call, status, body = self._outcome(admitted, call)
        if admitted.key:
            assert call.request_id is not None
            first = Saved(status=status, body=body.decode(), request_id=call.request_id)
            remember(call, admitted.key, admitted.request.path, first)
        self.sandbox.keep(call)
        error = orjson.loads(body).get("error") if status >= 400 else None
        self._log(admitted.request, call, status, fault=fault.get("fault"), error=error)
        return _answer(call, status, body, should_retry=fault.get("should_retry"))

    def _outcome(self, admitted: Admitted, call: Call) -> tuple[Call, int, bytes]:
        """Does what was asked; a refusal undoes it, unless what led to the refusal is to be seen later."""
        fault = admitted.fault or {}
        refusal = server_error(fault.get("status", 500))
        if fault.get("fault") == "error_saved":
            return call, refusal.status, orjson.dumps(refusal.body)
        try:
            shown = _shown(call, admitted.operation.verb(call))
        except StripeError as problem:
            if not problem.keeps_changes:
                call = replace(call, draft=self.sandbox.store.draft())
            return call, problem.status, orjson.dumps(problem.body)
        if fault.get("fault") == "error_after_saved":
            return call, refusal.status, orjson.dumps(refusal.body)
        return call, 200, orjson.dumps(shown)

    def _refused(self, admitted: Admitted, call: Call, refusal: StripeError) -> Answer:
        fault = admitted.fault or {}
        self._log(admitted.request, call, refusal.status, fault=fault.get("fault"), error=refusal.error)
        should_retry = fault.get("should_retry")
        return _answer(call, refusal.status, orjson.dumps(refusal.body), should_retry=should_retry)

    def _log(self, request: Request, call: Call, status: int, **more: Any) -> None:
        entry: Record = {
            "at": call.now,
            "request_id": call.request_id,
            "method": request.method,
            "path": request.path,
            "account": call.account,
            "idempotency_key": call.idempotency_key,
            "params": redacted(call.params),
            "status": status,
            "fault": None,
            "is_replay": False,
            "error": None,
        }
        self.sandbox.requests.append(entry | more)


def _kept_fields(call: Call) -> dict[str, Any]:
    names = ("account", "path", "params", "request_id", "idempotency_key")
    return {name: getattr(call, name) for name in names}


def _check_secret(authorization: str) -> None:
    kind, _, secret = authorization.partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer"
            " auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if "_live_" in secret:
        raise StripeError("A live key has no business with the stand-in: it moves no money. Use sk_test_…", status=401)
    if not secret.startswith("sk_test_") or secret == "sk_test_":  # noqa: S105 - a prefix, not a secret
        raise StripeError("Invalid API Key provided: the stand-in takes sk_test_… only.", status=401)


def _check_version(version: str | None) -> None:
    if version not in {None, API_VERSION}:
        raise not_modelled(f"version {version} of the interface, only {API_VERSION}")


def _form(request: Request) -> Record:
    if request.method != "POST":
        return parse_form(request.query)
    kind = request.headers.get("content-type", "application/x-www-form-urlencoded")
    if request.body and not kind.startswith("application/x-www-form-urlencoded"):
        raise StripeError("Invalid request: send parameters form-encoded, as application/x-www-form-urlencoded.")
    return parse_form(request.body.decode("utf-8", errors="replace"))


def _scripted(kind: str, admitted: Admitted) -> StripeError:
    if kind == "conflict":
        return in_use(admitted.key or "")
    if kind == "rate_limit":
        return StripeError("Request rate limit exceeded.", status=429, code="rate_limit")
    assert admitted.fault is not None
    return server_error(admitted.fault["status"])


def _shown(call: Call, record: Record) -> Record:
    if record.get("object") == "list":
        shown = record | {"data": [view(call, member) for member in record["data"]]}
    else:
        shown = view(call, record)
    return expanded(call, shown, call.params.get("expand", []))


def _answer(
    call: Call, status: int, body: bytes, *, replay_of: Saved | None = None, should_retry: bool | None = None
) -> Answer:
    headers = {"Request-Id": call.request_id or "", "Stripe-Version": API_VERSION, "Content-Type": "application/json"}
    if call.idempotency_key:
        headers["Idempotency-Key"] = call.idempotency_key
        headers["Original-Request"] = replay_of.request_id if replay_of else call.request_id or ""
    if call.account != PLATFORM:
        headers["Stripe-Account"] = call.account
    if replay_of:
        headers["Idempotent-Replayed"] = "true"
    if should_retry is not None:
        headers["Stripe-Should-Retry"] = "true" if should_retry else "false"
    return Answer(status=status, body=body, headers=headers)
