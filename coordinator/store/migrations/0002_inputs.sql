-- Pictures that clients sent for jobs to begin with. The files are among the artifacts: a row is there
-- only while its file is.
CREATE TABLE input (
  digest       BLOB    PRIMARY KEY,
  bytes        INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  is_artifact  INTEGER NOT NULL  -- 1: some cell's picture is the same file, so it is never removed
) STRICT, WITHOUT ROWID;

-- Which job begins with which pictures: these are kept. A row outlives its file, should that be lost.
CREATE TABLE job_input (
  job    INTEGER NOT NULL REFERENCES job (id),
  digest BLOB    NOT NULL,
  PRIMARY KEY (job, digest)
) STRICT, WITHOUT ROWID;
