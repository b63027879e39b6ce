"""Random streams that do not disturb each other."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, job: str) -> np.random.Generator:
    """Return the random generator of one job, independent of all other jobs' draws.

    Parameters
    ----------
    seed : int
        The seed of the town.
    job : str
        The name of the job; the same name gives the same stream.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng([seed, zlib.crc32(job.encode())])
