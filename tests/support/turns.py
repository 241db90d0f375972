"""All 48 ways in which the axes of a grid run along the patient's."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

TURNS = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
