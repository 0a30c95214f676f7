-- What was said of the estate, by whom and why. Rows are only ever added: the triggers below refuse anything else.
-- `src/store/schema.rs` states the same columns in Rust, and a test compares the two.

CREATE TABLE change_set (
    id BIGINT NOT NULL PRIMARY KEY,      -- also the register version it makes
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,                     -- UTC, whole microseconds
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes BIGINT NOT NULL,             -- single statements in it
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL                    -- SHA-256 over previous_hash and all of this change-set
);

CREATE TABLE evidence (
    change_set BIGINT NOT NULL REFERENCES change_set (id),
    seq BIGINT NOT NULL,
    source TEXT NOT NULL,
    method TEXT NOT NULL,
    as_of DATE NOT NULL,
    PRIMARY KEY (change_set, seq)
);

-- All that one change-set says of one site, tenancy or reference set.
CREATE TABLE change (
    change_set BIGINT NOT NULL REFERENCES change_set (id),
    seq BIGINT NOT NULL,
    subject TEXT NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,                   -- JSON: [[field, text or null, evidence seq or why], ...]
    PRIMARY KEY (change_set, seq)
);
CREATE INDEX change_by_code ON change (code, subject, change_set);

-- Postcodes, zones, outlines: by the SHA-256 of the plain bytes.
CREATE TABLE reference_set (
    hash TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,                -- plain bytes
    body BYTEA NOT NULL                    -- gzip
);

CREATE TABLE run (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    register_version BIGINT NOT NULL,
    status TEXT NOT NULL,
    gap DOUBLE PRECISION,
    seconds DOUBLE PRECISION NOT NULL,
    sites_closed BIGINT NOT NULL,
    tenancies_moved BIGINT NOT NULL,
    breaches BIGINT NOT NULL,
    fund_asked_pence BIGINT NOT NULL,
    to_fund_pence BIGINT,
    npsv_pence BIGINT,
    input_hash TEXT NOT NULL,
    body BYTEA NOT NULL,                   -- gzip of the run as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE import (
    id BIGINT NOT NULL PRIMARY KEY,
    author TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    files TEXT NOT NULL,                  -- JSON list of names
    version BIGINT,                      -- register version it made, if any
    data_rows BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    body BYTEA NOT NULL,                   -- gzip of the report as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);

-- Long work. The one table whose rows change.
CREATE TABLE job (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    worker TEXT NOT NULL,                 -- process that holds it
    lease_until TIMESTAMP NOT NULL,
    queued_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    finished_at TIMESTAMP,
    cancel_asked BOOLEAN NOT NULL,
    percent DOUBLE PRECISION,
    message TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    incumbent DOUBLE PRECISION,
    bound DOUBLE PRECISION,
    gap DOUBLE PRECISION,
    run BIGINT REFERENCES run (id),
    import BIGINT REFERENCES import (id)
);
CREATE INDEX job_by_state ON job (state, lease_until);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER change_set_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON change_set
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reference_set_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON reference_set
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER run_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER import_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON import
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
