"""A route is one driver's work: ordered stops at which parcels are picked up, handed over or given back.

The driver starts it, arrives at each stop in turn, picks up, and hands over with whatever proof was asked for: the
recipient's PIN, a photo, a signature. Pictures are announced first and then sent to a signed address. Where something
cannot be done, the stop fails with a reason: a pickup is planned again, a hand-over brings a return, which is a
delivery of its own and comes as a further stop. When every stop has ended and no parcel is left, the route is
completed.

Every report carries the app's own event id and the time at which it happened, so an app that was offline sends its
reports later, in order and as often as it likes, and each has one effect. Reports that are out of bounds or far from
their stop work too, but somebody looks at the route before it is paid.

In order of life: `draw_route`, `my_route`, `start_route`, `arrive_at_stop`, `pick_up`, `create_proof_upload`,
`receive_proof`, `drop_off`, `fail_stop`, `plan_return`, `mend_route`, `sweep_proofs`.
"""

from marketplace.routes.arrive import arrive_at_stop
from marketplace.routes.care import Care, CustodyKind, Identity, IdentityKind, IdentityMarker
from marketplace.routes.create_proof_upload import ProofUpload, create_proof_upload
from marketplace.routes.custody import custody_of
from marketplace.routes.draw import draw_route
from marketplace.routes.drop_off import DropOffOutcome, drop_off
from marketplace.routes.evidence import announce_evidence, name_evidence
from marketplace.routes.fail import fail_stop
from marketplace.routes.learn_drop_point import correct_pin, learn_drop_point
from marketplace.routes.line import read_line
from marketplace.routes.mend import mend_driven_route, mend_route
from marketplace.routes.object_store import ObjectKey, ObjectMissing, ObjectStore
from marketplace.routes.pick_up import pick_up
from marketplace.routes.queries import my_route
from marketplace.routes.report import Receipt
from marketplace.routes.return_leg import plan_return
from marketplace.routes.settle_cold_breach import settle_cold_breach
from marketplace.routes.start import start_route
from marketplace.routes.states import ProofKind, ReportFlag, ReportVerb, RouteState, StopKind, StopState
from marketplace.routes.store_proof import StoredProof, receive_proof
from marketplace.routes.sweep_proofs import sweep_proofs
from marketplace.routes.upload_address import UPLOAD_PATH, UploadSigner

__all__ = [
    "UPLOAD_PATH",
    "Care",
    "CustodyKind",
    "DropOffOutcome",
    "Identity",
    "IdentityKind",
    "IdentityMarker",
    "ObjectKey",
    "ObjectMissing",
    "ObjectStore",
    "ProofKind",
    "ProofUpload",
    "Receipt",
    "ReportFlag",
    "ReportVerb",
    "RouteState",
    "StopKind",
    "StopState",
    "StoredProof",
    "UploadSigner",
    "announce_evidence",
    "arrive_at_stop",
    "correct_pin",
    "create_proof_upload",
    "custody_of",
    "draw_route",
    "drop_off",
    "fail_stop",
    "learn_drop_point",
    "mend_driven_route",
    "mend_route",
    "my_route",
    "name_evidence",
    "pick_up",
    "plan_return",
    "read_line",
    "receive_proof",
    "settle_cold_breach",
    "start_route",
    "sweep_proofs",
]
