"""Sentences for people, kept apart from their data so that an edge can translate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def N_(template: str) -> str:  # noqa: N802 - The customary gettext marker.
    """Mark a template for translation without translating it."""
    return template


@dataclass(frozen=True, init=False)
class Message:
    """A sentence as an English template and the values that fill it.

    Parameters
    ----------
    template : str
        The English sentence with ``{name}`` placeholders. It is also the key under which a
        translation is looked up.
    **params : Any
        The values of the placeholders.
    """

    template: str
    params: dict[str, Any]

    def __init__(self, template: str, /, **params: Any) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "params", params)

    def __str__(self) -> str:
        return self.template.format_map(self.params)


class GeodataError(Exception):
    """What a person did or gave cannot be used, and the message says why and what to do."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)
