-- Small facts by name: the epoch.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('epoch', 0);

-- A sweep with its counters. What it is made of is in job_plan, so that this row stays small: it is
-- written with every group of results.
CREATE TABLE job (
  id             INTEGER PRIMARY KEY,
  name           TEXT    NOT NULL,
  owner          TEXT    NOT NULL,
  priority       INTEGER NOT NULL,
  client_token   TEXT    NOT NULL,
  created_at_ms  INTEGER NOT NULL,
  finished_at_ms INTEGER NOT NULL,  -- 0: not finished
  state          INTEGER NOT NULL,  -- furrow.v1.JobState
  total          INTEGER NOT NULL,
  pending        INTEGER NOT NULL,
  running        INTEGER NOT NULL,
  done           INTEGER NOT NULL,
  cached         INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  cancelled      INTEGER NOT NULL,
  skipped        INTEGER NOT NULL,
  render_seconds REAL    NOT NULL
) STRICT;

CREATE TABLE job_plan (
  job  INTEGER PRIMARY KEY REFERENCES job (id),
  spec BLOB NOT NULL,  -- furrow.v1.JobSpec
  plan BLOB NOT NULL   -- furrow.v1.Plan
) STRICT;

-- Cells that were touched: leased once, or finished. A cell without a row is pending, or cancelled when
-- its job is. Rows are in grid order, and results come in nearly that order, so writes stay on few pages.
-- No index has a hash as its key.
CREATE TABLE cell (
  job            INTEGER NOT NULL,
  idx            INTEGER NOT NULL,
  state          INTEGER NOT NULL,  -- furrow.v1.CellState
  attempt        INTEGER NOT NULL,  -- the newest; 0 for a cached cell that never was tried
  worker         INTEGER NOT NULL,  -- of the newest attempt; 0: none
  recipe_hash    BLOB,
  artifact       BLOB,
  artifact_bytes INTEGER,
  load_s         REAL,
  encode_s       REAL,
  denoise_s      REAL,
  decode_s       REAL,
  save_s         REAL,
  total_s        REAL,
  finished_at_ms INTEGER,
  error          TEXT,
  PRIMARY KEY (job, idx)
) STRICT, WITHOUT ROWID;

-- Touched cells that are pending (1) or leased (2): what a restart and a cancel look for.
CREATE INDEX cell_live ON cell (job, idx) WHERE state < 3;
-- Failed cells (5): what people look for.
CREATE INDEX cell_failed ON cell (job, idx) WHERE state = 5;

-- Tries that came to nothing.
CREATE TABLE attempt (
  job         INTEGER NOT NULL REFERENCES job (id),
  idx         INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  worker      INTEGER NOT NULL,
  class       INTEGER NOT NULL,  -- furrow.v1.FailureClass
  charged     INTEGER NOT NULL,  -- 1: counts against the cell
  detail      TEXT    NOT NULL,
  log_tail    TEXT    NOT NULL,
  ended_at_ms INTEGER NOT NULL,
  PRIMARY KEY (job, idx, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE worker (
  id           INTEGER PRIMARY KEY,
  uuid         TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  capabilities BLOB    NOT NULL,  -- furrow.v1.Capabilities
  done         INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE model (
  hash  BLOB PRIMARY KEY,
  model BLOB NOT NULL  -- furrow.v1.ModelOnDisk
) STRICT, WITHOUT ROWID;

-- The farm's history, for people.
CREATE TABLE event (
  id     INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  kind   TEXT    NOT NULL,
  job    INTEGER NOT NULL,
  worker INTEGER NOT NULL,
  text   TEXT    NOT NULL
) STRICT;
