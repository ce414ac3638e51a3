// Every limit of the server, in one place: what it bounds and why it has this size.

/** Longest body of one request, as received and after gzip. */
export const BODY_BYTES_MAX: number = 16 * 1024 * 1024
export const BODY_PLAIN_BYTES_MAX: number = 64 * 1024 * 1024
/** Most events in one request: a batch is prepared as one piece of work. */
export const BATCH_EVENTS_MAX = 20_000
/** Bytes taken in but not yet durable; beyond it senders are asked to wait. */
export const INFLIGHT_BYTES_MAX: number = 128 * 1024 * 1024
/** Durable entries that wait for their tiles; bounds memory when the disk of the tiles is slow. */
export const UNSEALED_ENTRIES_MAX = 400_000
/** Most batches written by one group commit. */
export const COMMIT_BATCHES_MAX = 64
/** A write-ahead segment is closed at this size and removed behind the next checkpoint. */
export const WAL_SEGMENT_BYTES: number = 64 * 1024 * 1024
/** Checkpoints come no more often than this. */
export const CHECKPOINT_INTERVAL_MS = 1000
