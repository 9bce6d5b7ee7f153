-- Version 1 of the store of `connector sync`. docs/guide/run-a-connection.md describes it for people who query it.
-- Moments are milliseconds since the Unix epoch, durations are microseconds.

CREATE TABLE syncs (
    id                INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again
    connection        TEXT NOT NULL,
    fingerprint       TEXT NOT NULL,    -- of what must be the same when a stopped sync goes on
    app_id            TEXT NOT NULL,
    connector_version TEXT NOT NULL,
    page_size         INTEGER,          -- rows asked for; null leaves it to the connector
    options           TEXT NOT NULL,    -- JSON: what was chosen
    since             TEXT NOT NULL,    -- the day from which activities and expenses are read
    started_at        INTEGER NOT NULL,
    ended_at          INTEGER,
    state             TEXT NOT NULL CHECK (state IN ('reading', 'ended', 'abandoned')),
    outcome           TEXT CHECK (outcome IN ('complete', 'incomplete', 'inconsistent'))
) STRICT;

CREATE TABLE listings (
    id             INTEGER PRIMARY KEY AUTOINCREMENT, -- its rows are in the table rows_<id>
    sync           INTEGER NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    capability     TEXT NOT NULL,
    label          TEXT NOT NULL,
    reading        INTEGER NOT NULL,    -- 1, or 2 for the second reading of --verify
    state          TEXT NOT NULL CHECK (state IN ('waiting', 'reading', 'read', 'indexed', 'ended')),
    cut            TEXT,                -- why reading ended before the end of the listing
    verdict        TEXT CHECK (verdict IN ('complete', 'incomplete', 'inconsistent')),
    reason         TEXT,                -- the verdict in one sentence
    pages          INTEGER NOT NULL DEFAULT 0,
    rows           INTEGER NOT NULL DEFAULT 0,
    bytes          INTEGER NOT NULL DEFAULT 0,
    calls          INTEGER NOT NULL DEFAULT 0, -- with those that failed
    connector_time INTEGER NOT NULL DEFAULT 0,
    waiting_time   INTEGER NOT NULL DEFAULT 0,
    store_time     INTEGER NOT NULL DEFAULT 0,
    started_at     INTEGER,
    ended_at       INTEGER,
    UNIQUE (sync, capability, reading)
) STRICT;

CREATE TABLE pages (
    listing        INTEGER NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    page           INTEGER NOT NULL,    -- from 0
    token          INTEGER NOT NULL,    -- XXH3 of the token that it was asked for with; 0 without one
    rows           INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    content        INTEGER NOT NULL,    -- XXH3 of its rows
    connector_time INTEGER NOT NULL,
    stored_at      INTEGER NOT NULL,
    PRIMARY KEY (listing, page)
) STRICT, WITHOUT ROWID;
CREATE INDEX pages_token ON pages (listing, token);
CREATE INDEX pages_content ON pages (listing, content);

CREATE TABLE findings (
    listing INTEGER NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    count   INTEGER NOT NULL,
    example TEXT,
    PRIMARY KEY (listing, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE heads (
    listing    INTEGER PRIMARY KEY REFERENCES listings (id) ON DELETE CASCADE,
    sequence   INTEGER NOT NULL,        -- the fence
    job        TEXT NOT NULL,           -- JSON: page, token, request, rate-limit state
    attempt    INTEGER NOT NULL,
    waits      INTEGER NOT NULL,
    delay      INTEGER NOT NULL,        -- milliseconds from set_at before it may run
    reason     TEXT,                    -- what it waits for
    set_at     INTEGER NOT NULL
) STRICT;
