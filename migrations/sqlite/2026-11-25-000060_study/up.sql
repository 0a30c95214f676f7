-- What a run was asked about itself: why, frontier, portfolio, survey list. Rows are only ever added.
CREATE TABLE study (
    id INTEGER NOT NULL PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    seconds REAL NOT NULL,
    body BLOB NOT NULL,                   -- gzip of the study as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX study_by_run ON study (run, id);

ALTER TABLE job ADD COLUMN study INTEGER REFERENCES study (id);

CREATE TRIGGER study_stays BEFORE UPDATE ON study BEGIN SELECT RAISE(ABORT, 'study is append-only'); END;
CREATE TRIGGER study_kept BEFORE DELETE ON study BEGIN SELECT RAISE(ABORT, 'study is append-only'); END;
