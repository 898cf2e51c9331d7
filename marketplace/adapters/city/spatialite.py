"""Reads lines and areas out of SpatiaLite blobs, so that no spatial database library is needed."""

import struct

import numpy as np

Line = list[tuple[float, float]]
"""(latitude, longitude) pairs."""

BODY = 43
"""A blob begins with 38 bytes of header and bounds, one mark and the kind of geometry; its body follows."""

PART_HEADER = 5
"""Within a collection every part repeats a mark and its kind."""


def read_line(blob: bytes) -> Line:
    """The points of a line string."""
    count, position = _count_at(blob, BODY)
    return _points(blob, count, position)


def read_rings(blob: bytes) -> list[Line]:
    """All rings of a multipolygon, outer ones and holes alike."""
    rings: list[Line] = []
    polygons, position = _count_at(blob, BODY)
    for _ in range(polygons):
        ring_count, position = _count_at(blob, position + PART_HEADER)
        for _ in range(ring_count):
            count, position = _count_at(blob, position)
            rings.append(_points(blob, count, position))
            position += 16 * count
    return rings


def _count_at(blob: bytes, position: int) -> tuple[int, int]:
    return struct.unpack_from("<I", blob, position)[0], position + 4


def _points(blob: bytes, count: int, position: int) -> Line:
    pairs = np.frombuffer(blob, "<f8", 2 * count, position).reshape(-1, 2)
    return [(lat, lon) for lon, lat in pairs.tolist()]
