"""Tables of who may do what: API keys, tracking links, one-time codes, sessions, operators."""

from tortoise import fields
from tortoise.models import Model


class ApiKey(Model):
    """A shipper's key, of which only a digest is kept; `prefix` is shown so that people can tell keys apart."""

    id = fields.UUIDField(primary_key=True)
    shipper_id = fields.UUIDField()
    prefix = fields.CharField(max_length=20)
    digest = fields.BinaryField()
    mode = fields.CharField(max_length=4)
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_key"


class TrackingLink(Model):
    """A recipient's way to one delivery; only a digest of its token is kept."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    delivery_id = fields.UUIDField()
    digest = fields.BinaryField()
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tracking_link"


class Operator(Model):
    """A person of operations; `market_id` null means all markets."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField(null=True)
    name = fields.CharField(max_length=80)
    email = fields.CharField(max_length=254)
    created_at = fields.DatetimeField()

    class Meta:
        table = "operator"


class SignInCode(Model):
    """A one-time code that was sent to a phone or mailbox; times are machine time."""

    id = fields.UUIDField(primary_key=True)
    address = fields.CharField(max_length=254)
    kind = fields.CharField(max_length=10)
    digest = fields.BinaryField()
    attempts = fields.SmallIntField(db_default=0)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sign_in_code"


class Session(Model):
    """A signed-in driver or operator: its refresh token changes at each use. Times are machine time."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=10)
    principal_id = fields.UUIDField()
    digest = fields.BinaryField()
    previous_digest = fields.BinaryField(null=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"


class OperatorAction(Model):
    """What an operator did by hand: an audit line, never changed. The operator's name stays with the operator."""

    id = fields.UUIDField(primary_key=True)
    market_id = fields.UUIDField()
    operator_id = fields.UUIDField()
    verb = fields.CharField(max_length=40)
    subject_id = fields.UUIDField()
    details = fields.JSONField[dict[str, object]]()
    happened_at = fields.DatetimeField()

    class Meta:
        table = "operator_action"
