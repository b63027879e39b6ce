"""Word templates that people edit: checked, and filled in a sandbox."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import XMLSyntaxError

from geodata.messages import Message
from gridmap.errors import GridmapError

#: A template of so many bytes unpacked is a bomb or full of pictures.
_MOST_UNPACKED = 32 << 20
_NO_WORD_FILE = Message("The template is no Word file (.docx). Save it as such and try again.")


def filled(template: bytes, values: Mapping[str, str]) -> DocxTemplate:
    """Fill a template.

    Parameters
    ----------
    template : bytes
    values : mapping of str to str
        What the template can name. They are text, whatever they look like.

    Returns
    -------
    DocxTemplate
        Its ``docx`` is the document.

    Raises
    ------
    GridmapError
        If it is no Word file, is too large, or its marks cannot be filled; the message tells
        which.
    """
    _check_file(template)
    # A template is a program; in the sandbox it reaches nothing but the values.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(dict(values), jinja_env=environment, autoescape=True)
    except TemplateSyntaxError as error:
        raise GridmapError(
            Message("The template has a mark that cannot be read: {fault}", fault=error.message)
        ) from error
    except UndefinedError as error:
        raise GridmapError(
            Message(
                "The template names something that does not exist ({fault}). It can name: {names}.",
                # Jinja says "'titel' is undefined"; the name is the same in every language.
                fault=str(error.message).removesuffix(" is undefined").strip("'"),
                names=", ".join(values),
            )
        ) from error
    # What a template computes can fail too: a division by zero, a range without end.
    except (TemplateError, ArithmeticError, TypeError, AttributeError) as error:
        raise GridmapError(
            Message("The template has a mark that cannot be read: {fault}", fault=str(error))
        ) from error
    except (OpcError, KeyError, ValueError, XMLSyntaxError) as error:
        raise GridmapError(_NO_WORD_FILE) from error
    return document


def saved(document: DocxTemplate) -> bytes:
    """Return a filled template as a Word file."""
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _check_file(template: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as archive:
            names = archive.namelist()
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise GridmapError(_NO_WORD_FILE) from error
    if "word/document.xml" not in names:
        raise GridmapError(_NO_WORD_FILE)
    if size > _MOST_UNPACKED:
        raise GridmapError(Message("The template is too large. Leave out pictures."))
