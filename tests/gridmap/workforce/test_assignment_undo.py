"""An act on assignments is taken back as a whole, by who did it, on its day."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gridmap.errors import ConflictError, NotFoundError
from gridmap.workforce.assignment_undo import undo
from gridmap.workforce.rights import Role
from tests.gridmap.workforce.conftest import Office
from tests.gridmap.workforce.test_assignments import AUGUST, JULY, JUNE, give, told


def test_an_act_is_undone_as_a_whole(office: Office) -> None:
    give(office, "ab", "wang")
    give(office, "b", "zhao", AUGUST)
    before = {cell: told(office, cell) for cell in "abc"}
    give(office, "abc", "li", JUNE, until=JULY)
    undo(office.session, office.supervisor)
    assert {cell: told(office, cell) for cell in "abc"} == before
    undo(office.session, office.supervisor)
    undo(office.session, office.supervisor)
    assert told(office, "a") == told(office, "b") == []
    with pytest.raises(NotFoundError, match="nothing of today to undo"):
        undo(office.session, office.supervisor)


def test_nobody_undoes_over_anothers_act(office: Office) -> None:
    give(office, "a", "wang")
    mine, office.supervisor = office.supervisor, office.user("hu", Role.SUPERVISOR, office.here)
    with pytest.raises(NotFoundError):
        undo(office.session, office.supervisor)
    give(office, "a", "li", JUNE)
    with pytest.raises(ConflictError, match="Cell 990001001001001 was changed by Hu at"):
        undo(office.session, mine)
    undo(office.session, office.supervisor)
    undo(office.session, mine)
    assert told(office, "a") == []


def test_an_act_of_yesterday_is_history(office: Office) -> None:
    act = give(office, "a", "wang")
    office.session.execute(
        text("UPDATE assignment_act SET at = at - interval '1 day' WHERE id = :act"), {"act": act}
    )
    with pytest.raises(NotFoundError):
        undo(office.session, office.supervisor)
