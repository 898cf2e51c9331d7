"""What a recipient reads about a delivery, in English and Spanish."""

from marketplace.recipients.states import Language, TrackedStatus

S = TrackedStatus

HEADLINES: dict[Language, dict[TrackedStatus, str]] = {
    Language.EN: {
        S.CONFIRMED: "We are preparing your delivery",
        S.DRIVER_FOUND: "A driver will collect your parcel",
        S.ON_THE_WAY: "Your parcel is on its way",
        S.NEXT: "You are the next stop",
        S.AT_THE_DOOR: "Your driver is here",
        S.READY_TO_COLLECT: "Your parcel is ready to be collected",
        S.DELIVERED: "Delivered",
        S.ATTEMPTED: "We could not hand over your parcel",
        S.GOING_BACK: "Your parcel is going back to the sender",
        S.BACK: "Your parcel is back with the sender",
        S.CANCELLED: "This delivery was called off",
        S.FAILED: "This delivery did not work out",
    },
    Language.ES: {
        S.CONFIRMED: "Estamos preparando tu entrega",
        S.DRIVER_FOUND: "Un repartidor recogerá tu paquete",
        S.ON_THE_WAY: "Tu paquete está en camino",
        S.NEXT: "Eres la próxima parada",
        S.AT_THE_DOOR: "Tu repartidor ha llegado",
        S.READY_TO_COLLECT: "Tu paquete está listo para retirar",
        S.DELIVERED: "Entregado",
        S.ATTEMPTED: "No pudimos entregar tu paquete",
        S.GOING_BACK: "Tu paquete vuelve al remitente",
        S.BACK: "Tu paquete está de vuelta con el remitente",
        S.CANCELLED: "Esta entrega fue cancelada",
        S.FAILED: "Esta entrega no se pudo realizar",
    },
}

READY_AT = {
    Language.EN: "Ready to be collected at {point}",
    Language.ES: "Listo para retirar en {point}",
}
COLLECTED = {Language.EN: "Collected", Language.ES: "Retirado"}

REASONS: dict[Language, dict[str, str]] = {
    Language.EN: {
        "RECIPIENT_UNAVAILABLE": "Nobody answered.",
        "RECIPIENT_REFUSED": "The parcel was not accepted.",
        "ADDRESS_NOT_FOUND": "The address was not found.",
        "ACCESS_BLOCKED": "The driver could not get to the door.",
        "OUT_OF_AREA": "The address is outside the area.",
        "AGE_VERIFICATION_FAILED": "The age could not be checked.",
        "ID_MISMATCH": "The identity could not be checked.",
        "DAMAGED_IN_TRANSIT": "The parcel was damaged on the way.",
        "UNSAFE_LOCATION": "The place was not safe for the driver.",
    },
    Language.ES: {
        "RECIPIENT_UNAVAILABLE": "Nadie respondió.",
        "RECIPIENT_REFUSED": "El paquete no fue aceptado.",
        "ADDRESS_NOT_FOUND": "No se encontró la dirección.",
        "ACCESS_BLOCKED": "El repartidor no pudo llegar a la puerta.",
        "OUT_OF_AREA": "La dirección está fuera de la zona.",
        "AGE_VERIFICATION_FAILED": "No se pudo comprobar la edad.",
        "ID_MISMATCH": "No se pudo comprobar la identidad.",
        "DAMAGED_IN_TRANSIT": "El paquete se dañó en el camino.",
        "UNSAFE_LOCATION": "El lugar no era seguro para el repartidor.",
    },
}
"""Why a hand-over did not happen, where that is of use to the recipient."""


def headline(status: TrackedStatus, language: Language) -> str:
    """The one sentence that says where the parcel is."""
    return HEADLINES[language][status]


def step_at_point(status: TrackedStatus, language: Language, *, point: str) -> str:
    """The same for a step of a parcel that has reached a hand-over point."""
    if status is S.READY_TO_COLLECT:
        return READY_AT[language].format(point=point)
    return COLLECTED[language] if status is S.DELIVERED else headline(status, language)


def reason_in_words(reason: str | None, language: Language) -> str | None:
    """Why a hand-over did not happen; None where the reason is nothing that a recipient could act on."""
    return REASONS[language].get(reason or "")
