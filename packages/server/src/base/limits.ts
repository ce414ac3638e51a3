// Every limit of the server, in one place: what it bounds and why it has this size.

/** Longest body of one request, as received and after gzip. */
export const BODY_BYTES_MAX: number = 16 * 1024 * 1024
export const BODY_PLAIN_BYTES_MAX: number = 64 * 1024 * 1024
/** Most events in one request: a batch is prepared as one piece of work. */
export const BATCH_EVENTS_MAX = 20_000
/** Threads that parse and seal; with two of them, two cores are busy. */
export const PREPARE_THREADS = 2
/** Bytes taken in but not yet durable; beyond it senders are asked to wait. */
export const INFLIGHT_BYTES_MAX: number = 128 * 1024 * 1024
/** Durable entries, and their bytes, that wait for a checkpoint: what a crash must read again. */
export const UNSEALED_ENTRIES_MAX = 400_000
export const UNSEALED_BYTES_MAX: number = 512 * 1024 * 1024
/** Disk that stays free for tiles, checkpoint and ids of what was acknowledged. */
export const DISK_RESERVE_BYTES: number = 512 * 1024
/** Most batches written by one group commit. */
export const COMMIT_BATCHES_MAX = 64
/** A write-ahead segment is closed at this size and removed behind the next checkpoint. */
export const WAL_SEGMENT_BYTES: number = 64 * 1024 * 1024
/** Checkpoints come no more often than this. */
export const CHECKPOINT_INTERVAL_MS = 1000
/** Events in the hot table before they move to Parquet files; what a crash must read again. */
export const HOT_ROWS_MAX: number = 64 * 1024
export const HOT_BYTES_MAX: number = 48 * 1024 * 1024
/** Files of one class and month before they are joined. */
export const PARTITION_FILES_MAX = 8
/** A file with as many rows is large enough to be left alone. */
export const PARTITION_ROWS_MERGED_MAX = 500_000
/** What DuckDB may use before it spills to disk. */
export const QUERY_MEMORY_BYTES: number = 256 * 1024 * 1024
/** Bytes of live events on their way to a follower; beyond it the follower reads from disk. */
export const FOLLOWER_BYTES_MAX: number = 64 * 1024 * 1024
/**
 * Events that one statement puts into the index: below DuckDB's vector of 2048 rows, where a
 * statement's own cost is spread over most of them. 500 or 8000 at once cost three times as much.
 */
export const INSERT_ROWS_MAX = 2000
export const INSERT_BYTES_MAX: number = 8 * 1024 * 1024
/** Longest time one search may take. */
export const SEARCH_MS_MAX = 30_000
/** How long a question for one event waits for an index that is behind. */
export const INDEX_WAIT_MS = 5000
/** Most events in one page of a search. */
export const PAGE_EVENTS_MAX = 1000
/** Most groups in one summary. */
export const SUMMARY_GROUPS_MAX = 10_000
/** Entries that the detectors read from files in one turn. */
export const WATCH_STEP_EVENTS = 2000
/** Entries between two snapshots of the detectors: what a crash must look at again. */
export const SNAPSHOT_EVENTS = 100_000
/** Findings that were made and are not in the log yet; beyond it the detectors wait. */
export const FINDINGS_UNDER_WAY_MAX = 2000
/** How often absence is looked for while nothing comes. */
export const WATCH_TICK_MS = 60_000
/** How long a browser stays signed in, at most and without anybody there. */
export const SESSION_MS_MAX: number = 12 * 3_600_000
export const SESSION_IDLE_MS: number = 2 * 3_600_000
/** Most sessions at once; the one longest unseen makes room. */
export const SESSIONS_MAX = 1000
/** How long a one-time sign-in link can be opened, and how many wait for that. */
export const SIGN_IN_LINK_MS: number = 15 * 60_000
export const SIGN_IN_LINKS_MAX = 20
/** Failed sign-ins that are recorded: more would let a stranger fill the log. */
export const FAILURES_A_MINUTE = 100
export const FAILURES_A_MINUTE_OF_ONE = 20
/** How long a question for a proof waits for a checkpoint, which comes about once a second. */
export const SEAL_WAIT_MS = 5000
/** Checkpoints whose time and root are remembered; one a second while something comes. */
export const SEALS_MAX = 1000
/** A file of the console that is larger is not served: each is kept in memory. */
export const CONSOLE_FILE_BYTES_MAX: number = 8 * 1024 * 1024
/** Statements of searches that run at once, and those among them that read a whole range. */
export const STATEMENTS_MAX = 3
export const WHOLE_STATEMENTS_MAX = 2
/** How long a question waits for what was durable when it was asked, before it says partial. */
export const SEARCH_WAIT_MS = 150
/** Values of a text field that the index keeps apart, and their length in all. */
export const VOCABULARY_VALUES_MAX = 4096
export const VOCABULARY_BYTES_MAX: number = 512 * 1024
/** Most events of one export, and how many of them are read at once. */
export const EXPORT_ROWS_MAX = 200_000
export const EXPORT_PAGE_EVENTS = 5000
