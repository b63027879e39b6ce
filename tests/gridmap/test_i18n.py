import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from geodata.messages import Message
from gridmap.i18n import TRANSLATIONS, preferred_language, translate

ROOT = Path(__file__).parents[2]


def chinese() -> dict[str, str]:
    with (TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def templates() -> Iterator[str]:
    """Every template written where a message is made or marked."""
    for floor in ("geodata", "gridmap", "webui"):
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args:
                    called = getattr(node.func, "id", None)
                    first = node.args[0]
                    if called in {"Message", "N_", "say"} and isinstance(first, ast.Constant):
                        yield str(first.value)


def test_a_message_is_said_in_chinese_with_its_values() -> None:
    message = Message("Restored {file}.", file="a.dump")
    assert translate(message, "zh") == "已恢复 a.dump。"
    assert translate(message, "en") == "Restored a.dump."


def test_a_message_inside_another_is_translated_too() -> None:
    inner = Message("Restored {file}.", file="a.dump")
    outer = Message("{program} failed: {reason}", program="x", reason=inner)
    assert translate(outer, "zh") == "x 失败：已恢复 a.dump。"


def test_an_unknown_template_stays_english() -> None:
    assert translate("No such sentence.", "zh") == "No such sentence."


def test_translations_keep_the_placeholders() -> None:
    differing = [key for key, text in chinese().items() if placeholders(key) != placeholders(text)]
    assert differing == []


def test_every_message_has_a_translation() -> None:
    known = chinese()
    assert sorted({template for template in templates() if not known.get(template)}) == []


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8", "GRIDMAP_LANG": "zh"}, "zh"),
    ],
)
def test_the_environment_says_the_language(environment: dict[str, str], language: str) -> None:
    assert preferred_language(environment) == language
