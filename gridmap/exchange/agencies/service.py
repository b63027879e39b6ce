"""Agencies and keys: make, change, revoke, and give a key a new token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from geodata.messages import Message
from gridmap.errors import ConflictError, GridmapError, NotFoundError
from gridmap.exchange.agencies.models import Agency, ApiKey, KeyLayer, KeyUnit
from gridmap.exchange.agencies.tokens import Token, make_token
from gridmap.exchange.collections import COLLECTIONS, Collection
from gridmap.exchange.grant import LayerGrant
from gridmap.exchange.privacy import LEAST_THRESHOLD, MOVABLE, TELLING
from gridmap.workforce import audit
from gridmap.workforce.areas import known_units
from gridmap.workforce.rights import Action, Actor, require

#: The collections that a key may write.
WRITABLE = frozenset({"incidents"})
MOST_PER_MINUTE = 60_000
LARGEST_THRESHOLD = 100
_LONGEST_NAME = 100


@dataclass(frozen=True)
class AgencyWish:
    """What an agency is to be.

    Attributes
    ----------
    smallest_count : int
        Counts of people and homes below it are not told to any of its keys; 0 tells all.
    """

    name: str
    contact: str = ""
    note: str = ""
    smallest_count: int = 5


@dataclass(frozen=True)
class KeyWish:
    """What a key is to be.

    Attributes
    ----------
    layers : mapping of str to LayerGrant
        By key of the collection.
    units : frozenset of int or None
        The areas; None stands for everything, also what lies outside every unit.
    first, last : date or None
        The local days of incidents.
    expires_at : datetime or None
        None until further notice.
    """

    name: str
    layers: Mapping[str, LayerGrant] = field(default_factory=dict)
    units: frozenset[int] | None = frozenset()
    first: date | None = None
    last: date | None = None
    rate_per_minute: int = 600
    expires_at: datetime | None = None


def create_agency(session: Session, actor: Actor, wish: AgencyWish) -> Agency:
    """Make an agency.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    ConflictError
        If the name is taken.
    GridmapError
        If a value cannot be used.
    """
    require(actor, Action.MANAGE_AGENCIES)
    agency = Agency(**_agency_values(session, wish, None))
    session.add(agency)
    session.flush()
    audit.record(
        session, actor, "agency.create", ("agency", agency.id), after=_agency_state(agency)
    )
    return agency


def change_agency(session: Session, actor: Actor, agency_id: int, wish: AgencyWish) -> Agency:
    """Change an agency; its keys follow at once.

    Raises
    ------
    NotFoundError
        If there is no such agency.
    ForbiddenError, ConflictError, GridmapError
        As `create_agency`.
    """
    agency = get_agency(session, actor, agency_id)
    before = _agency_state(agency)
    for name, value in _agency_values(session, wish, agency_id).items():
        setattr(agency, name, value)
    session.flush()
    after = _agency_state(agency)
    subject = ("agency", agency.id)
    if audit.record_difference(session, actor, "agency.change", subject, before, after):
        _outdate(session, ApiKey.agency_id == agency_id)
    return agency


def get_agency(session: Session, actor: Actor, agency_id: int) -> Agency:
    """Return an agency.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such agency.
    """
    require(actor, Action.MANAGE_AGENCIES)
    agency = session.get(Agency, agency_id)
    if agency is None:
        raise NotFoundError(Message("There is no agency with the number {id}.", id=agency_id))
    return agency


def get_key(session: Session, actor: Actor, key_id: int) -> ApiKey:
    """Return a key.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    """
    require(actor, Action.MANAGE_AGENCIES)
    key = session.get(ApiKey, key_id, populate_existing=True)
    if key is None:
        raise NotFoundError(Message("There is no key with the number {id}.", id=key_id))
    return key


def create_key(
    session: Session, actor: Actor, agency_id: int, wish: KeyWish
) -> tuple[ApiKey, Token]:
    """Make a key.

    Returns
    -------
    key : ApiKey
    token : Token
        To be shown once; it is stored nowhere.

    Raises
    ------
    NotFoundError
        If there is no such agency.
    ForbiddenError
        If the actor may not manage agencies.
    GridmapError
        If a value cannot be used.
    """
    get_agency(session, actor, agency_id)
    token = make_token()
    key = ApiKey(
        agency_id=agency_id,
        prefix=token.prefix,
        token_hash=token.hash,
        created_by=actor.user_id,
        **_key_values(session, wish),
    )
    session.add(key)
    session.flush()
    _write_grants(session, key.id, wish)
    audit.record(session, actor, "key.create", ("api_key", key.id), after=_key_state(session, key))
    return key, token


def change_key(session: Session, actor: Actor, key_id: int, wish: KeyWish) -> ApiKey:
    """Change what a key may be given; it holds from the next request on.

    Raises
    ------
    NotFoundError
        If there is no such key.
    ConflictError
        If it is revoked.
    ForbiddenError, GridmapError
        As `create_key`.
    """
    key = get_open_key(session, actor, key_id)
    before = _key_state(session, key)
    for name, value in _key_values(session, wish, former=key.expires_at).items():
        setattr(key, name, value)
    session.flush()
    session.execute(delete(KeyLayer).where(KeyLayer.key_id == key_id))
    session.execute(delete(KeyUnit).where(KeyUnit.key_id == key_id))
    _write_grants(session, key_id, wish)
    _outdate(session, ApiKey.id == key_id)
    after = _key_state(session, key)
    audit.record_difference(session, actor, "key.change", ("api_key", key_id), before, after)
    return key


def revoke_key(session: Session, actor: Actor, key_id: int) -> ApiKey:
    """End a key at once and for good.

    Raises
    ------
    NotFoundError
        If there is no such key.
    ConflictError
        If it is revoked already.
    ForbiddenError
        If the actor may not manage agencies.
    """
    key = get_open_key(session, actor, key_id)
    key.revoked_at = datetime.now(UTC)
    session.flush()
    after = {"name": key.name, "prefix": key.prefix}
    audit.record(session, actor, "key.revoke", ("api_key", key_id), after=after)
    return key


def rotate_key(session: Session, actor: Actor, key_id: int) -> tuple[ApiKey, Token]:
    """Give a key a new token; the old one ends at once.

    Raises
    ------
    NotFoundError, ConflictError, ForbiddenError
        As `revoke_key`.
    """
    key = get_open_key(session, actor, key_id)
    token = make_token()
    before = {"prefix": key.prefix}
    key.prefix, key.token_hash = token.prefix, token.hash
    session.flush()
    after = {"prefix": key.prefix}
    audit.record(session, actor, "key.rotate", ("api_key", key_id), before, after)
    return key, token


def get_open_key(session: Session, actor: Actor, key_id: int) -> ApiKey:
    """Return a key that is not revoked, locked until the transaction ends.

    Raises
    ------
    ForbiddenError
        If the actor may not manage agencies.
    NotFoundError
        If there is no such key.
    ConflictError
        If it is revoked.
    """
    require(actor, Action.MANAGE_AGENCIES)
    session.execute(select(ApiKey.id).where(ApiKey.id == key_id).with_for_update())
    key = get_key(session, actor, key_id)
    if key.revoked_at is not None:
        raise ConflictError(Message("This key is revoked. Make a new one instead."))
    return key


def _outdate(session: Session, which: Any) -> None:
    session.execute(update(ApiKey).where(which).values(version=ApiKey.version + 1))


def _agency_values(session: Session, wish: AgencyWish, own_id: int | None) -> dict[str, Any]:
    name = _name(wish.name)
    taken = select(Agency.id).where(Agency.name == name, Agency.id.is_distinct_from(own_id))
    if session.scalar(taken) is not None:
        raise ConflictError(Message("There is already an agency called {name}.", name=name))
    smallest = wish.smallest_count
    if smallest != 0 and not LEAST_THRESHOLD <= smallest <= LARGEST_THRESHOLD:
        raise GridmapError(
            Message(
                "The smallest count is 0, which tells all, or from {least} to {largest}.",
                least=LEAST_THRESHOLD,
                largest=LARGEST_THRESHOLD,
            )
        )
    contact, note = wish.contact.strip()[:200], wish.note.strip()[:1000]
    return {"name": name, "contact": contact, "note": note, "smallest_count": smallest}


def _key_values(session: Session, wish: KeyWish, former: datetime | None = None) -> dict[str, Any]:
    name = _name(wish.name)
    if not wish.layers:
        raise GridmapError(Message("Choose at least one layer."))
    for collection, granted in wish.layers.items():
        _check_layer(collection, granted)
    if wish.units is not None:
        if not wish.units:
            raise GridmapError(Message("Choose at least one unit, or everything."))
        if known_units(session, wish.units) != wish.units:
            raise GridmapError(Message("One of the units does not exist any more."))
    if wish.first and wish.last and wish.last < wish.first:
        raise GridmapError(Message("The last day lies before the first."))
    if not 1 <= wish.rate_per_minute <= MOST_PER_MINUTE:
        raise GridmapError(
            Message("Requests per minute go from 1 to {most}.", most=MOST_PER_MINUTE)
        )
    if wish.expires_at and wish.expires_at <= datetime.now(UTC) and wish.expires_at != former:
        raise GridmapError(Message("The day on which the key ends has passed already."))
    return {
        "name": name,
        "first_day": wish.first,
        "last_day": wish.last,
        "rate_per_minute": wish.rate_per_minute,
        "expires_at": wish.expires_at,
        "everywhere": wish.units is None,
    }


def _check_layer(key: str, granted: LayerGrant) -> None:
    collection = COLLECTIONS.get(key)
    if collection is None:
        raise GridmapError(Message("There is no layer {layer}.", layer=key))
    title = Message(collection.title)
    unknown = (granted.fields or frozenset()) - collection.by_name.keys()
    if unknown:
        raise GridmapError(
            Message("{layer} has no field {field}.", layer=title, field=", ".join(sorted(unknown)))
        )
    if granted.write and key not in WRITABLE:
        raise GridmapError(Message("{layer} can only be read.", layer=title))
    if granted.snap == "exact":
        return
    if key not in MOVABLE:
        raise GridmapError(Message("The places of {layer} cannot be moved.", layer=title))
    if granted.write:
        raise GridmapError(
            Message("A key that writes {layer} must see their exact places.", layer=title)
        )
    if told := sorted(TELLING & (granted.fields or frozenset())):
        raise GridmapError(
            Message(
                "{fields} of {layer} would tell the place that is to be moved. Leave them out.",
                fields=", ".join(told),
                layer=title,
            )
        )


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or "\x00" in name:
        raise GridmapError(Message("Give a name of up to {most} characters.", most=_LONGEST_NAME))
    return name


def _write_grants(session: Session, key_id: int, wish: KeyWish) -> None:
    for key, granted in wish.layers.items():
        fields = None if granted.fields is None else _in_order(COLLECTIONS[key], granted.fields)
        session.add(
            KeyLayer(
                key_id=key_id,
                collection=key,
                fields=fields,
                write=granted.write,
                snap=granted.snap,
            )
        )
    session.add_all(KeyUnit(key_id=key_id, unit_id=unit) for unit in sorted(wish.units or ()))
    session.flush()


def _in_order(collection: Collection, fields: frozenset[str]) -> list[str]:
    return [column.name for column in collection.columns if column.name in fields]


def _agency_state(agency: Agency) -> dict[str, Any]:
    return {name: getattr(agency, name) for name in ("name", "contact", "note", "smallest_count")}


def _key_state(session: Session, key: ApiKey) -> dict[str, Any]:
    """Return what the log tells of a key: never its token nor the hash of it."""
    names = ("name", "prefix", "first_day", "last_day", "rate_per_minute", "expires_at")
    state = {name: getattr(key, name) for name in names}
    layers = session.scalars(
        select(KeyLayer).where(KeyLayer.key_id == key.id).order_by(KeyLayer.collection)
    )
    units = select(KeyUnit.unit_id).where(KeyUnit.key_id == key.id).order_by(KeyUnit.unit_id)
    state["areas"] = list(session.scalars(units))
    state["everywhere"] = key.everywhere
    state["layers"] = {
        layer.collection: {"fields": layer.fields, "write": layer.write, "snap": layer.snap}
        for layer in layers
    }
    return state
