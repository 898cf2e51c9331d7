"""Onboarding: how somebody becomes a driver and stays one, in order of life.

Somebody applies, signs in, hands in pictures of papers and certificates, and names a vehicle. Operators check each with
a reason and an end, approve, and activate. From then on nothing runs to take a driver out: papers, certificates and
checks carry until their end, by the market's clock, and a reminder comes two weeks before.
"""

from marketplace.onboarding.accounts import (
    PapersMissing,
    WrongStage,
    activate_driver,
    applicants,
    apply_to_drive,
    approve_driver,
)
from marketplace.onboarding.document_address import (
    DocumentSigner,
    NoPicture,
    NoSuchDocumentPicture,
    open_document,
    read_document,
)
from marketplace.onboarding.documents import (
    CheckedBefore,
    DocumentUpload,
    PictureNotWanted,
    TooManyPapers,
    add_document_picture,
    announce_document,
    check_document,
    documents_of,
    documents_to_check,
    enter_document,
    upload_of,
)
from marketplace.onboarding.papers import EQUIPMENT, needed_papers
from marketplace.onboarding.remind import remind_of_documents
from marketplace.onboarding.renew import renew_eligibility
from marketplace.onboarding.store_document import DocumentStored, is_document, receive_document
from marketplace.onboarding.sweep_papers import sweep_papers
from marketplace.onboarding.vehicles import (
    TooManyVehicles,
    VehicleNotReady,
    add_company_vehicle,
    add_vehicle,
    check_vehicle,
    choose_vehicle,
    retire_vehicle,
    vehicles_of,
    vehicles_to_check,
)

__all__ = [
    "EQUIPMENT",
    "CheckedBefore",
    "DocumentSigner",
    "DocumentStored",
    "DocumentUpload",
    "NoPicture",
    "NoSuchDocumentPicture",
    "PapersMissing",
    "PictureNotWanted",
    "TooManyPapers",
    "TooManyVehicles",
    "VehicleNotReady",
    "WrongStage",
    "activate_driver",
    "add_company_vehicle",
    "add_document_picture",
    "add_vehicle",
    "announce_document",
    "applicants",
    "apply_to_drive",
    "approve_driver",
    "check_document",
    "check_vehicle",
    "choose_vehicle",
    "documents_of",
    "documents_to_check",
    "enter_document",
    "is_document",
    "needed_papers",
    "open_document",
    "read_document",
    "receive_document",
    "remind_of_documents",
    "renew_eligibility",
    "retire_vehicle",
    "sweep_papers",
    "upload_of",
    "vehicles_of",
    "vehicles_to_check",
]
