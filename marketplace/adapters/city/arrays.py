"""Names for the kinds of number arrays that cities and routers are made of."""

from typing import Any

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.integer[Any]]
"""Whole numbers: indices, milliseconds, centimetres, ten-millionths of a degree."""

Real = npt.NDArray[np.floating[Any]]
"""Measures: degrees, metres, shares."""

Flags = npt.NDArray[np.bool_]
