-- The access standards, whole, each time somebody changed them. Version 0, what ships, is in no row.
CREATE TABLE standards (
    id INTEGER NOT NULL PRIMARY KEY,      -- the version of the standards
    author TEXT NOT NULL,
    at TEXT NOT NULL,                     -- UTC, whole microseconds
    reason TEXT NOT NULL,
    body TEXT NOT NULL,                   -- JSON: the list of standards
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL                    -- SHA-256 over previous_hash and all of this version
) STRICT;
CREATE TRIGGER standards_stays BEFORE UPDATE ON standards BEGIN SELECT RAISE(ABORT, 'standards is append-only'); END;
CREATE TRIGGER standards_kept BEFORE DELETE ON standards BEGIN SELECT RAISE(ABORT, 'standards is append-only'); END;
