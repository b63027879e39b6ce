from sqlalchemy import Engine, text
from sqlalchemy.orm import Session


def test_a_session_commits_into_nothing(session: Session, engine: Engine) -> None:
    session.execute(text("CREATE TABLE fleeting (id int)"))
    session.commit()
    with engine.connect() as other:
        found = other.execute(text("SELECT to_regclass('fleeting')")).scalar_one()
    assert found is None


def test_the_database_is_migrated_and_its_sessions_keep_utc(session: Session) -> None:
    assert session.execute(text("SELECT to_regclass('alembic_version')")).scalar_one()
    assert session.execute(text("SHOW timezone")).scalar_one() == "UTC"


def test_another_database_can_be_had(own_database_url: str, database_url: str) -> None:
    assert own_database_url != database_url
