"""Every change of settings stands in the audit log, whoever writes.

Revision: 0013_settings_audit, after: 0012_plain_codes

The triggers alone write these entries. A service says before its change who makes it, by the
setting `gridmap.actor` of its transaction (`gridmap.workforce.audit.say_who`); without that it was
plain SQL, and the entry names the account of the database as ``sql name``.

Locks to fear: each table of settings, of one row, for the moment in which its trigger is made.
"""

from __future__ import annotations

from alembic import op

revision = "0013_settings_audit"
down_revision = "0012_plain_codes"
branch_labels = None
depends_on = None

# Table: what the log calls a change of it.
TABLES = {
    "territory_settings": "settings.territory",
    "workforce_settings": "settings.workforce",
    "case_settings": "settings.cases",
}

FUNCTION = """
CREATE FUNCTION log_settings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who jsonb := nullif(current_setting('gridmap.actor', true), '');
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - 'id' END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - 'id' END;
    was jsonb := old_row;
    becomes jsonb := new_row;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(n.key, n.value)
        INTO was, becomes
        FROM jsonb_each(old_row) o JOIN jsonb_each(new_row) n USING (key)
        WHERE o.value <> n.value;
        IF was IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO audit_log (user_id, user_name, act, subject, before, after, address)
    VALUES ((who ->> 'user_id')::bigint, coalesce(who ->> 'name', 'sql ' || session_user),
            TG_ARGV[0], TG_TABLE_NAME, was, becomes, (who ->> 'address')::inet);
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    """Apply this revision."""
    op.execute(FUNCTION)
    for table, act in TABLES.items():
        op.execute(
            f"CREATE TRIGGER log_settings AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION log_settings('{act}')"
        )
