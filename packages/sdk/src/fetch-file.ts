// The ports through which the core reads files: a directory, a URL or an archive may stand behind.

/**
 * The bytes of a file of a log, named by its path below the log's folder (`checkpoint`,
 * `tile/0/000`), or null where there is no such file. No file of a log is longer than
 * `LOG_FILE_BYTES_MAX`; of a longer one only the first `LOG_FILE_BYTES_MAX + 1` bytes are given, so
 * that whoever reads it sees that it is too long. Rejects only when reading itself fails. May be
 * called while other calls run.
 */
export type FetchFile = (path: string) => Promise<Uint8Array | null>

/** The longest entry bundle: 256 entries of 65,535 bytes, each behind its two bytes of length. */
export const LOG_FILE_BYTES_MAX: number = 256 * (2 + 65_535)

/**
 * The bytes of a payload file from `offset` on: `length` of them, fewer only where the file ends
 * (then perhaps none), null where there is no such file. Otherwise as `FetchFile`.
 */
export type FetchPart = (path: string, offset: number, length: number) => Promise<Uint8Array | null>

/**
 * The paths of all files below a folder, in any order; nothing that exists throughout the listing
 * is left out. A directory can tell; a URL cannot, and then there is no such function.
 */
export type ListFiles = () => AsyncIterable<string>
