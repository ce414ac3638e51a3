// A small SQLite database that is a view or a convenience: losing it costs nothing that counts. So
// one that cannot be read is made anew, and one that cannot be written is given up, with a sentence
// for the operator, instead of failing what it serves.

import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { removeIfPossible } from './durable.ts'
import type { Telemetry } from './emit.ts'

export type ViewConfig = {
  readonly path: string
  readonly schema: string
  /** What is not kept over a restart when it cannot be written: "sessions". */
  readonly what: string
  readonly telemetry: Telemetry
  /** False where a power cut may take the newest changes: a change then waits for no disk. */
  readonly isDurable: boolean
}

export interface ViewDatabase {
  rows(sql: string, ...values: SQLInputValue[]): readonly { readonly [column: string]: unknown }[]
  /**
   * Done on return, or given up: the file is then removed, so that nothing that was taken back can
   * come again, and every later call does nothing.
   */
  change(sql: string, ...values: SQLInputValue[]): void
  close(): void
}

export function openViewDatabase(config: ViewConfig): ViewDatabase {
  const { path, what, telemetry } = config
  let database: DatabaseSync | null = open(config)
  if (!database) {
    removeIfPossible(path)
    database = open(config)
  }
  if (!database) giveUp('it cannot be opened')

  function giveUp(why: string): void {
    database?.close()
    database = null
    removeIfPossible(path)
    telemetry.report('warn', `${what} are not kept over a restart: ${path}: ${why}`)
  }

  function attempt<T>(step: () => T): T | null {
    try {
      return step()
    } catch (error) {
      giveUp(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  return {
    rows: (sql, ...values) => attempt(() => database?.prepare(sql).all(...values)) ?? [],
    change: (sql, ...values) => void attempt(() => database?.prepare(sql).run(...values)),
    close() {
      database?.close()
      database = null
    },
  }
}

/** null when the file is no database of this shape, or cannot be had at all. */
function open({ path, schema, isDurable }: ViewConfig): DatabaseSync | null {
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(path)
    const care = isDurable
      ? 'DELETE; PRAGMA synchronous = FULL'
      : 'MEMORY; PRAGMA synchronous = OFF'
    database.exec(`PRAGMA journal_mode = ${care}; ${schema}`)
    return database
  } catch {
    database?.close()
    return null
  }
}
