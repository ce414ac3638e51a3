// The one port through which the core reads files: a directory, a URL or an archive behind it.

/**
 * The bytes of a file, named by its path inside what is read (`checkpoint`, `tile/0/000`), or null
 * where it is absent. Rejects only when reading itself fails. May be called while others run.
 */
export type FetchFile = (path: string) => Promise<Uint8Array | null>

/**
 * The paths of all files below, in any order; nothing that exists may be left out. A directory can
 * tell, a URL cannot: then there is no such function.
 */
export type ListFiles = () => Promise<readonly string[]>
