// What a sender is told, line by line, and the lines of a file as they are handed in.

export type LineStatus = 'stored' | 'duplicate' | 'conflict' | 'refused'

/** What became of one line of a body. */
export type LineFate = {
  /** Position in the body, 0-based. */
  readonly line: number
  readonly status: LineStatus
  readonly id?: string
  readonly code?: string
  readonly field?: string
  readonly reason?: string
}

export type Receipt = {
  readonly stored: number
  readonly duplicate: number
  readonly conflict: number
  readonly refused: number
  readonly results: readonly LineFate[]
}

export type FileLines = {
  readonly format: string
  /** SHA-256 of the file's first line. */
  readonly fingerprint: Uint8Array
  readonly lines: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}
