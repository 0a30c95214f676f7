-- What was said of the estate, by whom and why. Rows are only ever added: the triggers below refuse anything else.
-- `src/store/schema.rs` states the same columns in Rust, and a test compares the two.

CREATE TABLE change_set (
    id INTEGER NOT NULL PRIMARY KEY,      -- also the register version it makes
    author TEXT NOT NULL,
    at TEXT NOT NULL,                     -- UTC, whole microseconds
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes INTEGER NOT NULL,             -- single statements in it
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL                    -- SHA-256 over previous_hash and all of this change-set
) STRICT;

CREATE TABLE evidence (
    change_set INTEGER NOT NULL REFERENCES change_set (id),
    seq INTEGER NOT NULL,
    source TEXT NOT NULL,
    method TEXT NOT NULL,
    as_of TEXT NOT NULL,
    PRIMARY KEY (change_set, seq)
) STRICT;

-- All that one change-set says of one site, tenancy or reference set.
CREATE TABLE change (
    change_set INTEGER NOT NULL REFERENCES change_set (id),
    seq INTEGER NOT NULL,
    subject TEXT NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,                   -- JSON: [[field, text or null, evidence seq or why], ...]
    PRIMARY KEY (change_set, seq)
) STRICT;
CREATE INDEX change_by_code ON change (code, subject, change_set);

-- Postcodes, zones, outlines: by the SHA-256 of the plain bytes.
CREATE TABLE reference_set (
    hash TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,                -- plain bytes
    body BLOB NOT NULL                    -- gzip
) STRICT;

CREATE TABLE run (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    register_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    gap REAL,
    seconds REAL NOT NULL,
    sites_closed INTEGER NOT NULL,
    tenancies_moved INTEGER NOT NULL,
    breaches INTEGER NOT NULL,
    fund_asked_pence INTEGER NOT NULL,
    to_fund_pence INTEGER,
    npsv_pence INTEGER,
    input_hash TEXT NOT NULL,
    body BLOB NOT NULL,                   -- gzip of the run as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TABLE import (
    id INTEGER NOT NULL PRIMARY KEY,
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    files TEXT NOT NULL,                  -- JSON list of names
    version INTEGER,                      -- register version it made, if any
    data_rows INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    body BLOB NOT NULL,                   -- gzip of the report as JSON
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- Long work. The one table whose rows change.
CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    worker TEXT NOT NULL,                 -- process that holds it
    lease_until TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    cancel_asked INTEGER NOT NULL,
    percent REAL,
    message TEXT NOT NULL,
    seconds REAL NOT NULL,
    incumbent REAL,
    bound REAL,
    gap REAL,
    run INTEGER REFERENCES run (id),
    import INTEGER REFERENCES import (id)
) STRICT;
CREATE INDEX job_by_state ON job (state, lease_until);

CREATE TRIGGER change_set_stays BEFORE UPDATE ON change_set BEGIN SELECT RAISE(ABORT, 'change_set is append-only'); END;
CREATE TRIGGER change_set_kept BEFORE DELETE ON change_set BEGIN SELECT RAISE(ABORT, 'change_set is append-only'); END;
CREATE TRIGGER evidence_stays BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_kept BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER change_stays BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'change is append-only'); END;
CREATE TRIGGER change_kept BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'change is append-only'); END;
CREATE TRIGGER reference_set_stays BEFORE UPDATE ON reference_set BEGIN SELECT RAISE(ABORT, 'reference_set is append-only'); END;
CREATE TRIGGER reference_set_kept BEFORE DELETE ON reference_set BEGIN SELECT RAISE(ABORT, 'reference_set is append-only'); END;
CREATE TRIGGER run_stays BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER run_kept BEFORE DELETE ON run BEGIN SELECT RAISE(ABORT, 'run is append-only'); END;
CREATE TRIGGER import_stays BEFORE UPDATE ON import BEGIN SELECT RAISE(ABORT, 'import is append-only'); END;
CREATE TRIGGER import_kept BEFORE DELETE ON import BEGIN SELECT RAISE(ABORT, 'import is append-only'); END;
