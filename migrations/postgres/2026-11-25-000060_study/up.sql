-- What a run was asked about itself: why, frontier, portfolio, survey list. Rows are only ever added.
CREATE TABLE study (
    id BIGINT NOT NULL PRIMARY KEY,
    run BIGINT NOT NULL REFERENCES run (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    body BYTEA NOT NULL,                   -- gzip of the study as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX study_by_run ON study (run, id);

ALTER TABLE job ADD COLUMN study BIGINT REFERENCES study (id);

CREATE TRIGGER study_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON study
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
