-- The access standards, whole, each time somebody changed them. Version 0, what ships, is in no row.
CREATE TABLE standards (
    id BIGINT NOT NULL PRIMARY KEY,      -- the version of the standards
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,                     -- UTC, whole microseconds
    reason TEXT NOT NULL,
    body TEXT NOT NULL,                   -- JSON: the list of standards
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL                    -- SHA-256 over previous_hash and all of this version
);
CREATE TRIGGER standards_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON standards
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
