#pragma once

#include <string_view>

namespace furrow::store::sql {

// The statements that run for every cell, where their plans can be tested. States are
// furrow.v1.CellState: 1 pending, 2 leased, 3 done, 4 cached, 5 failed, 6 cancelled.

/// A cell is promised to a worker; its first lease makes its row.
inline constexpr std::string_view kLeaseCell =
    "INSERT INTO cell (job, idx, state, attempt, worker) VALUES (?1, ?2, 2, ?3, ?4) "
    "ON CONFLICT (job, idx) DO UPDATE SET state = 2, attempt = ?3, worker = ?4";

/// A cell has its picture. Changes no row when it has one already.
inline constexpr std::string_view kCompleteCell =
    "INSERT INTO cell (job, idx, state, attempt, worker, recipe_hash, artifact, artifact_bytes, "
    "load_s, encode_s, denoise_s, decode_s, save_s, total_s, finished_at_ms) "
    "VALUES (?1, ?2, 3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
    "ON CONFLICT (job, idx) DO UPDATE SET state = 3, attempt = max(attempt, ?3), worker = ?4, "
    "recipe_hash = ?5, artifact = ?6, artifact_bytes = ?7, load_s = ?8, encode_s = ?9, "
    "denoise_s = ?10, decode_s = ?11, save_s = ?12, total_s = ?13, finished_at_ms = ?14, "
    "error = NULL WHERE state NOT IN (3, 4)";

/// A cell takes over the picture of another.
inline constexpr std::string_view kCacheCell =
    "INSERT INTO cell (job, idx, state, attempt, worker, recipe_hash, artifact, artifact_bytes, "
    "finished_at_ms) SELECT ?1, ?2, 4, 0, worker, ?3, artifact, artifact_bytes, ?6 FROM cell "
    "WHERE job = ?4 AND idx = ?5 "
    "ON CONFLICT (job, idx) DO UPDATE SET state = 4, worker = excluded.worker, recipe_hash = ?3, "
    "artifact = excluded.artifact, artifact_bytes = excluded.artifact_bytes, finished_at_ms = ?6, "
    "error = NULL";

inline constexpr std::string_view kRequeueCell =
    "UPDATE cell SET state = 1 WHERE job = ?1 AND idx = ?2";

inline constexpr std::string_view kFailCell =
    "UPDATE cell SET state = 5, error = ?3, finished_at_ms = ?4 WHERE job = ?1 AND idx = ?2";

/// Every touched live cell of a job, by the index of live rows.
inline constexpr std::string_view kCancelCells =
    "UPDATE cell INDEXED BY cell_live SET state = 6, finished_at_ms = ?2 WHERE job = ?1 AND state < 3";

inline constexpr std::string_view kReopenCells =
    "UPDATE cell SET state = 1, error = NULL, finished_at_ms = NULL "
    "WHERE job = ?1 AND state IN (5, 6)";

/// A fresh budget: what failed before a person asked again does not count.
inline constexpr std::string_view kForgiveAttempts =
    "UPDATE attempt SET charged = 0 WHERE job = ?1";

inline constexpr std::string_view kRecordAttempt =
    "INSERT INTO attempt (job, idx, attempt, worker, class, charged, detail, log_tail, "
    "ended_at_ms) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

inline constexpr std::string_view kSaveJob =
    "UPDATE job SET state = ?2, pending = ?3, running = ?4, done = ?5, cached = ?6, failed = ?7, "
    "cancelled = ?8, skipped = ?9, render_seconds = ?10, finished_at_ms = ?11 WHERE id = ?1";

inline constexpr std::string_view kSaveWorkerRecord =
    "UPDATE worker SET done = ?2, failed = ?3, last_seen_ms = ?4 WHERE id = ?1";

// What the reader asks.

/// Rows of a page, from an index on. The worker's name comes along.
inline constexpr std::string_view kPageColumns =
    "SELECT cell.idx, cell.state, cell.attempt, worker.name, cell.recipe_hash, cell.artifact, "
    "cell.artifact_bytes, cell.load_s, cell.encode_s, cell.denoise_s, cell.decode_s, cell.save_s, "
    "cell.total_s, cell.error FROM cell LEFT JOIN worker ON worker.id = cell.worker ";

inline constexpr std::string_view kPageAll =
    "WHERE cell.job = ?1 AND cell.idx >= ?2 ORDER BY cell.idx";
inline constexpr std::string_view kPageLive =
    "WHERE cell.job = ?1 AND cell.idx >= ?2 AND cell.state < 3 ORDER BY cell.idx";
inline constexpr std::string_view kPageFailed =
    "WHERE cell.job = ?1 AND cell.idx >= ?2 AND cell.state = 5 ORDER BY cell.idx";

/// Failed tries of one cell, oldest first.
inline constexpr std::string_view kAttemptsOfCell =
    "SELECT attempt.attempt, worker.name, attempt.class, attempt.detail, attempt.log_tail, "
    "attempt.ended_at_ms FROM attempt LEFT JOIN worker ON worker.id = attempt.worker "
    "WHERE attempt.job = ?1 AND attempt.idx = ?2 ORDER BY attempt.attempt";

// What a restart reads.

inline constexpr std::string_view kTouchedCells =
    "SELECT idx, state, attempt, worker FROM cell WHERE job = ?1 ORDER BY idx";

inline constexpr std::string_view kChargedAttempts =
    "SELECT idx, attempt, worker, class FROM attempt WHERE job = ?1 AND charged = 1 ORDER BY idx";

}  // namespace furrow::store::sql
