"""Translations of what people read, from one gettext catalogue for the command line and pages.

The catalogue is kept as ``messages.po``. Its compiled form is made when it is missing or older,
so that nobody has to think of it; click and Flask-Babel then read it as they read any other.
"""

from __future__ import annotations

import gettext
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from geodata.messages import Message

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
LANGUAGES = ("en", "zh")


def compile_catalogues() -> None:
    """Compile each catalogue whose compiled form is missing or older."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        # Where the program may not write it shows English rather than nothing.
        with suppress(PermissionError):
            descriptor, draft = tempfile.mkstemp(dir=source.parent, suffix=".draft")
            with os.fdopen(descriptor, "wb") as file:
                write_mo(file, catalogue)
            Path(draft).chmod(0o644)
            # Another process that compiles at this moment never sees half a file.
            Path(draft).replace(compiled)


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language, an empty one for English."""
    compile_catalogues()
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def translate(message: Message | str, language: str) -> str:
    """Say a message in a language.

    Parameters
    ----------
    message : Message or str
        A message, whose values may be messages in turn, or a template without values.
    language : str
        ``en`` or ``zh``; another one gives English.
    """
    if isinstance(message, str):
        return catalogue(language).gettext(message) if message else ""
    values = {
        name: translate(value, language) if isinstance(value, Message) else value
        for name, value in message.params.items()
    }
    return catalogue(language).gettext(message.template).format_map(values)


def preferred_language(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language the environment asks for: ``GRIDMAP_LANG``, then the locale's."""
    for name in ("GRIDMAP_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
