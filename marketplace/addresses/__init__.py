"""Where an address is: found by a geocoder once, and learnt from every hand-over after that.

A geocoder answers with candidates and how sure it is of each; its answers are kept for a while under the text that was
asked. Whoever hands over at an address shows where its door really is: the middle of those places becomes the point to
which the next route leads, as long as it is near the one that the shipper gave.
"""

from marketplace.addresses.drop_points import (
    AddressToReview,
    add_visit,
    drop_point_id,
    learned_points,
    points_to_review,
    settle_point,
)
from marketplace.addresses.geocoder import (
    Candidate,
    Geocoder,
    GeocoderUnavailable,
    NoGeocoder,
    Precision,
    is_sure,
)
from marketplace.addresses.kept_answers import forget_old_answers, keep_answer, kept_answer
from marketplace.addresses.text import normal_text, similarity

__all__ = [
    "AddressToReview",
    "Candidate",
    "Geocoder",
    "GeocoderUnavailable",
    "NoGeocoder",
    "Precision",
    "add_visit",
    "drop_point_id",
    "forget_old_answers",
    "is_sure",
    "keep_answer",
    "kept_answer",
    "learned_points",
    "normal_text",
    "points_to_review",
    "settle_point",
    "similarity",
]
