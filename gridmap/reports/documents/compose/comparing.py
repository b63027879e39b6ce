"""How a change is put into words, see the rules in `prose`."""

from __future__ import annotations

from gridmap.reports.documents.compose.draft import Col
from gridmap.reports.documents.compose.ledger import Changed
from gridmap.reports.documents.compose.prose import Both, Phrase, Signed, Value, say

#: What incidents are counted in.
CASES = Both("起", "")
_WORDS = {
    "more": Both("比{versus}增加{d}{measure}，上升{p}", "{d} more than in {versus}, up {p}"),
    "fewer": Both("比{versus}减少{d}{measure}，下降{p}", "{d} fewer than in {versus}, down {p}"),
    "same": Both("与{versus}持平", "as many as in {versus}"),
    "none": Both("与{versus}一样没有发生", "none, as in {versus}"),
    "new": Both("{versus}没有", "with none in {versus}"),
    "first": Both("为有记录以来首次", "for the first time on record"),
    "unknown": Both(
        "{versus}数据不全，不作比较", "not compared, since the data of {versus} are incomplete"
    ),
}
_FROM_FEW = {
    "more": Both("比{versus}的{b}{measure}增加{d}{measure}", "{d} more than the {b} of {versus}"),
    "fewer": Both("比{versus}的{b}{measure}减少{d}{measure}", "{d} fewer than the {b} of {versus}"),
}

_BASED = {
    "more": Both(
        "比{versus}的{b}{measure}增加{d}{measure}，上升{p}",
        "{d} more than the {b} of {versus}, up {p}",
    ),
    "fewer": Both(
        "比{versus}的{b}{measure}减少{d}{measure}，下降{p}",
        "{d} fewer than the {b} of {versus}, down {p}",
    ),
}


def change_told(
    changed: Changed, versus: Both, measure: Both = CASES, *, based: bool = False
) -> Phrase:
    """Say how a count has changed.

    Parameters
    ----------
    changed : Changed
    versus : Both
        The earlier span: ``去年同期``, ``the first half of 2025``.
    measure : Both
        The Chinese measure word.
    based : bool
        Whether the earlier count is told even where the per cent is.
    """
    kind = changed.judged.kind
    if changed.difference is None:
        return say(_WORDS[kind], versus=versus)
    if changed.percent is None or based:
        assert changed.before is not None  # noqa: S101 - A difference is one from something.
        words = _FROM_FEW[kind] if changed.percent is None else _BASED[kind]
        parts = {} if changed.percent is None else {"p": changed.percent}
        return say(
            words, versus=versus, measure=measure, d=changed.difference, b=changed.before, **parts
        )
    return say(
        _WORDS[kind], versus=versus, measure=measure, d=changed.difference, p=changed.percent
    )


def one_told(words: Both, changed: Changed, versus: Both, **values: Value) -> Phrase:
    """Say one of several figures and how it has changed.

    That the earlier data are incomplete is told of the whole, and not again of each.
    """
    if changed.judged.kind == "unknown":
        return say(words, **values)
    both = Both(words.zh + "，{change}", words.en + ", {change}")
    return say(both, change=change_told(changed, versus), **values)


#: The columns of `change_cells`, after that of the earlier span.
CHANGE_COLUMNS = (
    Col(Both("增减", "Change"), Both("起", "")),
    Col(Both("增减", "Change"), Both("%", "%")),
)


def change_cells(changed: Changed) -> list[Value]:
    """Return the cells of a table: the earlier figure, the difference and the per cent.

    None where the earlier data are incomplete; a dash where the base is too small.
    """
    if changed.before is None:
        return []
    more = changed.judged.kind == "more"
    if changed.difference is None:
        difference: Value = changed.unchanged or Signed(changed.now, more=True)
        return [changed.before, difference, "—"]
    percent: Value = "—" if changed.percent is None else Signed(changed.percent, more)
    return [changed.before, Signed(changed.difference, more), percent]
