-- What is kept beside runs: programmes of a run, and lists of local priorities.
CREATE TABLE document (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,                   -- programme, priorities
    run INTEGER REFERENCES run (id),      -- of a programme
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    title TEXT NOT NULL,
    body BLOB NOT NULL,                   -- gzip of JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX document_by_kind ON document (kind, run);
CREATE TRIGGER document_stays BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT, 'document is append-only'); END;
CREATE TRIGGER document_kept BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'document is append-only'); END;
