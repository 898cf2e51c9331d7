"""Accounts: who may call, and how they prove it.

A shipper calls with an API key that is shown once and kept as a digest. A driver signs in by phone, an operator by
e-mail: a one-time code goes to the address, and whoever sends it back gets an access token for fifteen minutes and a
refresh token that changes at each use. A recipient has no account: the tracking link of a delivery is the credential,
for that delivery and nothing else. No answer tells whether an account or a link exists. Each request is told apart by
its one credential, which becomes a `Principal`; what that principal may do is decided where it is asked for, and again
by the SQL that carries its id.
"""

from marketplace.accounts.add_operator import OperatorExists, add_operator
from marketplace.accounts.api_keys import NewApiKey, create_api_key, revoke_api_key, verify_api_key
from marketplace.accounts.api_keys import digest_of as digest_of_key
from marketplace.accounts.audit import note_action, page_actions
from marketplace.accounts.authenticate import authenticate
from marketplace.accounts.forget_old import forget_old_codes, forget_old_sessions
from marketplace.accounts.open_session import open_session
from marketplace.accounts.principals import Principal, PrincipalKind
from marketplace.accounts.queries import read_own_name
from marketplace.accounts.refresh import refresh_session
from marketplace.accounts.refusals import (
    BadAddress,
    CodeRefused,
    LinkEnded,
    SessionEnded,
    TooManyCodes,
    Unauthenticated,
)
from marketplace.accounts.request_code import request_sign_in_code
from marketplace.accounts.sessions import SignedIn
from marketplace.accounts.sign_in import sign_in
from marketplace.accounts.sign_out import sign_out
from marketplace.accounts.tokens import TRACKING_PREFIX, Tokens
from marketplace.accounts.tracking_links import (
    create_tracking_link,
    known_token,
    make_tracking_links,
    revoke_tracking_links,
    tell_tracking_tokens,
    verify_tracking_link,
)

__all__ = [
    "TRACKING_PREFIX",
    "BadAddress",
    "CodeRefused",
    "LinkEnded",
    "NewApiKey",
    "OperatorExists",
    "Principal",
    "PrincipalKind",
    "SessionEnded",
    "SignedIn",
    "Tokens",
    "TooManyCodes",
    "Unauthenticated",
    "add_operator",
    "authenticate",
    "create_api_key",
    "create_tracking_link",
    "digest_of_key",
    "forget_old_codes",
    "forget_old_sessions",
    "known_token",
    "make_tracking_links",
    "note_action",
    "open_session",
    "page_actions",
    "read_own_name",
    "refresh_session",
    "request_sign_in_code",
    "revoke_api_key",
    "revoke_tracking_links",
    "sign_in",
    "sign_out",
    "tell_tracking_tokens",
    "verify_api_key",
    "verify_tracking_link",
]
