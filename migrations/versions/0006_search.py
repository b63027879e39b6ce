"""Indexes with which a search by name or code finds any part of a word, also of two characters.

Revision: 0006_search, after: 0005_cases

`search_grams` gives the single characters and the pairs of neighbours of up to three texts in
lower case; a text that holds 幸福路 has the pairs 幸福 and 福路. An index on them answers which
rows can hold a word. Trigrams, as of pg_trgm, would not serve: most Chinese words have two
characters, and on a database whose locale is C that extension takes none of them for letters.

Locks to fear: building the indexes blocks writes to the four tables meanwhile, some ten seconds
with 230,000 buildings.
"""

from __future__ import annotations

from alembic import op

revision = "0006_search"
down_revision = "0005_cases"
branch_labels = None
depends_on = None

# Pairs are cut by two passes, one from the first character and one from the second. Parallel
# workers would take longer to start than the whole search takes.
GRAMS = r"""
CREATE FUNCTION search_grams(first text, second text DEFAULT '', third text DEFAULT '')
RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED AS $$
DECLARE
    whole text := lower(coalesce(first, '') || E'\n' || coalesce(second, '') || E'\n'
                        || coalesce(third, ''));
BEGIN
    RETURN string_to_array(whole, NULL)
        || string_to_array(regexp_replace(whole, '(..)', E'\\1\r', 'g'), E'\r')
        || string_to_array(regexp_replace(substr(whole, 2), '(..)', E'\\1\r', 'g'), E'\r');
END $$;
"""


def upgrade() -> None:
    op.execute(GRAMS)
    for table, title, searched in (
        ("building", "name", "name, address, external_id"),
        ("cell", "code", "code, name"),
        ("place", "name", "name, address"),
        ("road", "name", "name"),
    ):
        op.execute(
            f"CREATE INDEX ix_{table}_search ON {table} USING gin (search_grams({searched}))"
        )
        op.execute(f"CREATE INDEX ix_{table}_begins ON {table} (lower({title}) text_pattern_ops)")
        op.execute(f"ANALYZE {table}")
