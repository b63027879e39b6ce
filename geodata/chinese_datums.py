"""GCJ-02 and BD-09, the two offset datums of Chinese web maps, against WGS 84.

GCJ-02 (used by Amap, Tencent and others) adds to WGS 84 a smooth offset of 300 to 700 metres;
BD-09 (Baidu) adds to GCJ-02 another of about a kilometre. The forward formulas are those of the
2010 publication by the user "on4wp7" (EvilTransform.cs), which every public converter repeats,
with its Krasovsky ellipsoid. No inverse was ever published: it is solved here by fixed-point
iteration, to less than 0.1 mm.

Both datums are applied only inside the box of the same publication,
72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271, measured in WGS 84; outside it every
function returns its input. The box is wider than China: where a foreign point lies in it, the
caller has said that its file is in GCJ-02, and the file's map service used the same box.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the box inside which GCJ-02 and BD-09 are applied (degrees)."""

_KRASOVSKY_AXIS_M = 6378245.0
_KRASOVSKY_ECCENTRICITY2 = 0.00669342162296594323
_BAIDU_ANGLE = np.pi * 3000.0 / 180.0
# A miss of 2e-8 degrees is 2 mm. The offset changes by less than 2 % of a step, so the correction
# made after such a miss leaves less than 0.1 mm.
_CLOSE_DEGREES = 2e-8
_MAX_ROUNDS = 12
# Temporaries of this many points stay in the processor's cache, which halves the time.
_CHUNK = 8192


def in_box(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which points lie where GCJ-02 and BD-09 are applied.

    Parameters
    ----------
    lon, lat : array_like
        WGS 84 degrees, of equal shape.

    Returns
    -------
    ndarray of bool
        True inside `BOX`, its edge included; False for NaN.
    """
    west, south, east, north = BOX
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS 84 to GCJ-02.

    Parameters
    ----------
    lon, lat : array_like
        Degrees, of equal shape.

    Returns
    -------
    tuple of ndarray
        Longitudes and latitudes in GCJ-02; outside `BOX` the input.
    """
    return _in_chunks(_gcj02, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo GCJ-02; the round trip is exact to less than 0.1 mm.

    Parameters and returns are as those of `wgs84_to_gcj02`.
    """
    return _in_chunks(lambda x, y: _undo(_gcj02, x, y), lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS 84 to BD-09.

    Parameters and returns are as those of `wgs84_to_gcj02`.
    """
    return _in_chunks(_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo BD-09; the round trip is exact to less than 0.1 mm.

    Parameters and returns are as those of `wgs84_to_gcj02`.
    """
    return _in_chunks(lambda x, y: _undo(_bd09, x, y), lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 to BD-09, without a detour over WGS 84 (the box is taken in GCJ-02).

    Parameters and returns are as those of `wgs84_to_gcj02`.
    """

    def shift(x: Floats, y: Floats) -> Pair:
        return _only_in_box(x, y, _baidu)

    return _in_chunks(shift, lon, lat)


def _gcj02(lon: Floats, lat: Floats) -> Pair:
    return _only_in_box(lon, lat, _state_offset)


def _bd09(lon: Floats, lat: Floats) -> Pair:
    return _only_in_box(lon, lat, lambda x, y: _baidu(*_state_offset(x, y)))


def _only_in_box(lon: Floats, lat: Floats, shift: Callable[[Floats, Floats], Pair]) -> Pair:
    inside = in_box(lon, lat)
    if inside.all():
        return shift(lon, lat)
    shifted_lon, shifted_lat = lon.copy(), lat.copy()
    if inside.any():
        shifted_lon[inside], shifted_lat[inside] = shift(lon[inside], lat[inside])
    return shifted_lon, shifted_lat


def _state_offset(lon: Floats, lat: Floats) -> Pair:
    """Apply the published GCJ-02 formula, wherever the points are."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    xy = 0.1 * x * y
    x30, x12, x3, turn = _slow_waves(x)
    y30, y12, y3, turn_y = _slow_waves(y)
    x1, y1 = turn.imag, turn_y.imag
    twice = turn * turn
    ripple = 20.0 * ((twice * twice * twice).imag + twice.imag)
    north = ripple + 20.0 * y1 + 40.0 * y3 + 160.0 * y12 + 320.0 * y30
    north *= 2.0 / 3.0
    north += -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + xy + 0.2 * root
    east = ripple + 20.0 * x1 + 40.0 * x3 + 150.0 * x12 + 300.0 * x30
    east *= 2.0 / 3.0
    east += 300.0 + x + 2.0 * y + 0.1 * x * x + xy + 0.1 * root

    # Metres become degrees by the ellipsoid's two radii of curvature at this latitude.
    phi = np.radians(lat)
    sine = np.sin(phi)
    bend = 1.0 - _KRASOVSKY_ECCENTRICITY2 * sine * sine
    across = _KRASOVSKY_AXIS_M / np.sqrt(bend)
    meridian = across * (1.0 - _KRASOVSKY_ECCENTRICITY2) / bend
    return lon + np.degrees(east / (across * np.cos(phi))), lat + np.degrees(north / meridian)


def _slow_waves(v: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.complex128]]:
    """Give sin(pi v / 30), sin(pi v / 12), sin(pi v / 3) and exp(i pi v).

    All are powers of one complex number, and multiplying is several times as fast as a sine.
    """
    base = np.empty(v.shape, np.complex128)
    angle = v * (np.pi / 60.0)
    base.real, base.imag = np.cos(angle), np.sin(angle)
    power2 = base * base
    power5 = power2 * power2 * base
    power10 = power5 * power5
    power20 = power10 * power10
    return power2.imag, power5.imag, power20.imag, power20 * power20 * power20


def _baidu(lon: Floats, lat: Floats) -> Pair:
    """Apply the published step from GCJ-02 to BD-09, wherever the points are."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _undo(shift: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Find the points that `shift` moves to `lon`, `lat`."""
    west, south, east, north = BOX
    # A point just outside the box may have its origin inside, so the search runs along the box's
    # inside for all points; those for which it finds no origin were never shifted.
    guess_lon, guess_lat = np.clip(lon, west, east), np.clip(lat, south, north)
    for _ in range(_MAX_ROUNDS):
        shifted_lon, shifted_lat = shift(guess_lon, guess_lat)
        miss_lon, miss_lat = lon - shifted_lon, lat - shifted_lat
        guess_lon = np.clip(guess_lon + miss_lon, west, east)
        guess_lat = np.clip(guess_lat + miss_lat, south, north)
        missed = np.maximum(np.abs(miss_lon), np.abs(miss_lat))
        if not (missed > _CLOSE_DEGREES).any():
            break
    found = missed <= _CLOSE_DEGREES
    return np.where(found, guess_lon, lon), np.where(found, guess_lat, lat)


def _in_chunks(convert: Callable[[Floats, Floats], Pair], lon: ArrayLike, lat: ArrayLike) -> Pair:
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    flat_lon, flat_lat = lon.ravel(), lat.ravel()
    out_lon, out_lat = np.empty_like(flat_lon), np.empty_like(flat_lat)
    for start in range(0, flat_lon.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        out_lon[part], out_lat[part] = convert(flat_lon[part], flat_lat[part])
    return out_lon.reshape(lon.shape), out_lat.reshape(lat.shape)
