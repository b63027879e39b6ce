"""How a route is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.workforce.rights import Action

PUBLIC, SIGNED_IN, OPEN = "public", "signed in", "key or signed in"


@dataclass(frozen=True)
class Route:
    """A way to ask a route.

    Parameters
    ----------
    needs : Action or str
        What the view says.
    asked : str
        An address; names in braces stand for ids, own or foreign ones.
    form, json : mapping, optional
        What a write sends; strings are filled in like the address.
    own : tuple of int
        What the owner of the right gets with ids of the own area.
    others : tuple of int, optional
        What a role gets instead that may come in but not export; None where that is the same.
    administrator : tuple of int, optional
        What an administrator gets instead; None where that is the same.
    foreign : tuple of int, optional
        What everybody but an administrator gets with foreign ids; None where the address and
        what is sent name none.
    """

    needs: Action | str
    asked: str
    form: Mapping[str, Any] | None = None
    json: Mapping[str, Any] | None = None
    own: tuple[int, ...] = (200,)
    others: tuple[int, ...] | None = None
    foreign: tuple[int, ...] | None = None
    administrator: tuple[int, ...] | None = None


def many(
    needs: Action | str,
    *asked: str,
    own: tuple[int, ...] = (200,),
    others: tuple[int, ...] | None = None,
) -> list[Route]:
    """Try several addresses that name nothing foreign, or leave it out."""
    return [Route(needs, address, own=own, others=others) for address in asked]
