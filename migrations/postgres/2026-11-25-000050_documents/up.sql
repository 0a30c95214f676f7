-- What is kept beside runs: programmes of a run, and lists of local priorities.
CREATE TABLE document (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,                   -- programme, priorities
    run BIGINT REFERENCES run (id),       -- of a programme
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    title TEXT NOT NULL,
    body BYTEA NOT NULL,                  -- gzip of JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX document_by_kind ON document (kind, run);
CREATE TRIGGER document_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
