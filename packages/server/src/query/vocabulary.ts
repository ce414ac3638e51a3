// The values that text fields have had, where they are few: names of models, endpoints, accounts. A
// search for part of a text looks through these instead of through every event, and asks the files
// only for events that have what it found there; a word that stands nowhere costs nothing. A field
// with more values than are kept is searched as it is. Holds what the files hold or more, never
// less: it is written before the list of files.

import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { type Checked, type QueryField, textMatcher } from '@tocsin/sdk/query'
import { readFileIfThere, replaceFile } from '../base/durable.ts'
import { VOCABULARY_BYTES_MAX, VOCABULARY_VALUES_MAX } from '../base/limits.ts'
import { TEXT_COLUMNS } from './columns.ts'

export interface Vocabulary {
  /** Takes in the values of what stands behind FROM, which will count as soon as it is there. */
  learn(connection: DuckDBConnection, source: string): Promise<void>
  /** A question that means the same of events whose values have all been taken in. */
  narrow(asked: Checked): Checked
}

/** null for a field with too many values. */
type Values = Set<string> | null

const FORMAT = 1
/** Found values that one test compares with; more are searched for as they were asked for. */
const FOUND_MAX = 100
/** Tests of one question that are looked at; hostile ones have thousands. */
const TESTS_MAX = 200

export function openVocabulary(directory: string): Vocabulary & { readonly isNew: boolean } {
  const path = join(directory, 'vocabulary.json')
  const kept = parseVocabulary(readFileIfThere(path))
  const columns = new Map<string, Values>(
    TEXT_COLUMNS.map(({ column }) => [column, kept ? (kept.get(column) ?? null) : new Set()]),
  )

  function save(): void {
    const entries = [...columns].map(([name, values]) => [name, values && [...values]])
    replaceFile(path, JSON.stringify({ format: FORMAT, columns: Object.fromEntries(entries) }))
  }

  return {
    isNew: kept === null,
    async learn(connection, source) {
      let isChanged = false
      for (const field of TEXT_COLUMNS) {
        const values = columns.get(field.column) ?? null
        if (values === null) continue
        const before = values.size
        const isFew = await addValues(connection, { field, source, values })
        if (!isFew) columns.set(field.column, null)
        if (!isFew || values.size > before) isChanged = true
      }
      if (isChanged) save()
    },
    narrow(asked) {
      let tests = 0
      const narrow = (checked: Checked): Checked => {
        if (checked.kind === 'not') return { ...checked, item: narrow(checked.item) }
        if (checked.kind === 'and') return narrowAll(checked.items.map(narrow))
        if (checked.kind === 'or') return narrowAny(checked.items.map(narrow))
        const values = checked.kind === 'text' ? columns.get(checked.field.column) : null
        tests += 1
        return checked.kind === 'text' && values && tests <= TESTS_MAX
          ? narrowText(checked, values)
          : checked
      }
      return narrow(asked)
    },
  }
}

const isNothing = (checked: Checked) => checked.kind === 'or' && checked.items.length === 0

/** Without what would only be in the way of the tests that DuckDB answers from a file's ends. */
function narrowAny(items: readonly Checked[]): Checked {
  const left = items.filter(item => !isNothing(item))
  const [only] = left
  return left.length === 1 && only ? only : { kind: 'or', items: left }
}

function narrowAll(items: readonly Checked[]): Checked {
  return items.find(isNothing) ?? { kind: 'and', items }
}

type Text = Extract<Checked, { kind: 'text' }>

function narrowText(text: Text, values: ReadonlySet<string>): Checked {
  const matches = textMatcher(text.pattern)
  const found: string[] = []
  for (const value of values) {
    if (!matches(value)) continue
    found.push(value)
    if (found.length > FOUND_MAX) return text
  }
  // The values that there are, so each is compared as it is written.
  const field = { ...text.field, values: found }
  return narrowAny(found.map(value => ({ kind: 'text', field, pattern: [value] })))
}

type Addition = {
  readonly field: QueryField
  readonly source: string
  readonly values: Set<string>
}

/** False when they have become too many or too long. */
async function addValues(
  connection: DuckDBConnection,
  { field, source, values }: Addition,
): Promise<boolean> {
  const value = field.many ? `unnest("${field.column}")` : `"${field.column}"`
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT ${value} AS value FROM ${source} LIMIT ${VOCABULARY_VALUES_MAX + 2}`,
  )
  for (const { value } of reader.getRowObjectsJS()) {
    if (typeof value === 'string') values.add(value)
  }
  let chars = 0
  for (const known of values) chars += known.length
  return values.size <= VOCABULARY_VALUES_MAX && chars <= VOCABULARY_BYTES_MAX
}

/** null for none, or what is none of ours: then it is learnt again. */
function parseVocabulary(bytes: Uint8Array | null): ReadonlyMap<string, Values> | null {
  try {
    const kept: unknown = JSON.parse(Buffer.from(bytes ?? []).toString('utf8'))
    const isOurs =
      typeof kept === 'object' && kept !== null && Reflect.get(kept, 'format') === FORMAT
    if (!isOurs) return null
    const columns = Object.entries(Reflect.get(kept, 'columns') as { [name: string]: unknown })
    return new Map(columns.map(([name, values]) => [name, valuesOf(values)]))
  } catch {
    return null
  }
}

function valuesOf(values: unknown): Values {
  if (!Array.isArray(values)) return null
  return new Set(values.filter(value => typeof value === 'string'))
}
