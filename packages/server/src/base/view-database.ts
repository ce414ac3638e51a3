// A small SQLite database that is a view or a convenience: losing it costs nothing that counts. So
// one that cannot be read is made anew, and one that cannot be written is given up, with a sentence
// for the operator, instead of failing what it serves.

import { rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Telemetry } from './emit.ts'

export type ViewConfig = {
  readonly path: string
  readonly schema: string
  /** What is not kept over a restart when it cannot be written: "sessions". */
  readonly what: string
  readonly telemetry: Telemetry
}

export interface ViewDatabase {
  rows(sql: string, ...values: SQLInputValue[]): readonly { readonly [column: string]: unknown }[]
  /**
   * Durable on return, or given up: the file is then removed, so that nothing that was taken back
   * can come again, and every later call does nothing.
   */
  change(sql: string, ...values: SQLInputValue[]): void
  close(): void
}

export function openViewDatabase(config: ViewConfig): ViewDatabase {
  const { path, what, telemetry } = config
  let database: DatabaseSync | null = open(config)
  if (!database) {
    rmSync(path, { force: true })
    database = open(config)
  }
  if (!database) giveUp('it cannot be opened')

  function giveUp(why: string): void {
    database?.close()
    database = null
    rmSync(path, { force: true })
    telemetry.report('warn', `${what} are not kept over a restart: ${path}: ${why}`)
  }

  return {
    rows: (sql, ...values) => database?.prepare(sql).all(...values) ?? [],
    change(sql, ...values) {
      try {
        database?.prepare(sql).run(...values)
      } catch (error) {
        giveUp(error instanceof Error ? error.message : String(error))
      }
    },
    close() {
      database?.close()
      database = null
    },
  }
}

/** null when the file is no database of this shape, or cannot be had at all. */
function open({ path, schema }: ViewConfig): DatabaseSync | null {
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(path)
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; ${schema}`)
    return database
  } catch {
    database?.close()
    return null
  }
}
