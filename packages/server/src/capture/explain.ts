// `tocsin capture test`: how a format understands a sample of lines, field by field, and what an
// operator, an analyst and an auditor will not be able to answer from them. Pure: lines in, report
// out; the report is the JSON answer, and `renderReport` is the same for a terminal.

import { FIELDS, type Json, type WireEvent } from '@tocsin/sdk/event'
import { type Asker, type Aspect, AUDIT_FIELDS } from './audit-ready.ts'
import type { LineContext, LineFormat } from './formats/formats.ts'

export type ExplainedField = {
  readonly path: string
  readonly value: Json
  /** The key or part of the line that filled it; null where the format itself did. */
  readonly from: string | null
}

export type ExplainedLine =
  | {
      readonly kind: 'event'
      /** 1-based number of the line in the sample. */
      readonly line: number
      readonly fields: readonly ExplainedField[]
      readonly missing: readonly string[]
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'refused'
      readonly line: number
      readonly code: string
      readonly field?: string
      readonly reason: string
    }

export type OpenQuestion = {
  readonly asker: Asker
  readonly question: string
  readonly aspect: Aspect
  readonly field: string
  /** Events of the sample that do not answer it, of those that ought to. */
  readonly unanswered: number
  readonly of: number
  readonly remedy: string
}

export type CaptureReport = {
  readonly format: string
  readonly lines: number
  readonly understood: number
  readonly refused: number
  /** Kind of event → how many. */
  readonly kinds: { readonly [kind: string]: number }
  /** The first lines, and the first of those that were refused. */
  readonly samples: readonly ExplainedLine[]
  /** Questions that stay open, most often unanswered first. Empty: the log is audit-ready. */
  readonly open: readonly OpenQuestion[]
  /** Note → how many lines it was made about. */
  readonly notes: { readonly [note: string]: number }
  /** Refusal → how many lines. */
  readonly refusals: { readonly [reason: string]: number }
}

export type ExplainConfig = LineContext & {
  /** Lines shown field by field. */
  readonly samplesMax?: number
}

const SAMPLES_MAX = 3
const REFUSED_SAMPLES_MAX = 5
const DISTINCT_MAX = 50

/** Blank lines are passed over, as in a followed file. */
export function explainLines(
  lines: readonly string[],
  format: LineFormat,
  config: ExplainConfig,
): CaptureReport {
  const { samplesMax = SAMPLES_MAX } = config
  const samples: ExplainedLine[] = []
  const events: WireEvent[] = []
  const notes = new Map<string, number>()
  const refusals = new Map<string, number>()
  const kinds = new Map<string, number>()
  let refused = 0
  lines.forEach((text, i) => {
    if (text.trim() === '') return
    const parsed = format.parseLine(text, config)
    const line = i + 1
    if (parsed.kind === 'refused') {
      if (refused < REFUSED_SAMPLES_MAX) samples.push({ ...parsed, line })
      refused += 1
      count(refusals, `${parsed.code}: ${parsed.reason}`)
      return
    }
    const { event, missing } = parsed
    if (events.length < samplesMax) {
      const fields = explainFields(event, format.origins(text))
      samples.push({ kind: 'event', line, fields, missing, notes: parsed.notes })
    }
    events.push(event)
    count(kinds, event.kind)
    for (const note of parsed.notes) count(notes, note)
  })
  return {
    format: format.name,
    lines: events.length + refused,
    understood: events.length,
    refused,
    kinds: Object.fromEntries(kinds),
    samples,
    open: openQuestions(events),
    notes: Object.fromEntries(notes),
    refusals: Object.fromEntries(refusals),
  }
}

/** Hostile input could make every note different; beyond the bound they are counted together. */
function count(counts: Map<string, number>, key: string): void {
  const bounded = counts.has(key) || counts.size < DISTINCT_MAX ? key : 'others'
  counts.set(bounded, (counts.get(bounded) ?? 0) + 1)
}

function explainFields(
  event: WireEvent,
  origins: ReadonlyMap<string, string>,
): readonly ExplainedField[] {
  return FIELDS.flatMap(({ path }) => {
    const value = valueAt(event, path)
    if (value === undefined) return []
    const parent = path.split('.')[0] ?? path
    return [{ path, value, from: origins.get(path) ?? origins.get(parent) ?? null }]
  })
}

/** The value under a dotted path; for a list of objects, the list of values. */
function valueAt(value: unknown, path: string): Json | undefined {
  let at: unknown = value
  for (const key of path.split('.')) {
    const list = Array.isArray(at) ? at.map(item => member(item, key)) : null
    at = list ? list.filter(item => item !== undefined) : member(at, key)
    if (at === undefined || list?.every(item => item === undefined)) return undefined
  }
  return parseJson(at)
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

/** An event holds nothing but JSON. */
function parseJson(value: unknown): Json {
  return value as Json
}

function openQuestions(events: readonly WireEvent[]): readonly OpenQuestion[] {
  const open = AUDIT_FIELDS.flatMap(field => {
    const asked = events.filter(event => !field.aiOnly || event.kind !== 'http.request')
    const unanswered = asked.filter(event => !field.has(event)).length
    if (unanswered === 0) return []
    const { aspect, path, remedy } = field
    return field.questions.map(({ asker, question }) => {
      return { asker, question, aspect, field: path, unanswered, of: asked.length, remedy }
    })
  })
  return open.sort((a, b) => b.unanswered / b.of - a.unanswered / a.of)
}

/** The report as text for people: no colour, no line much wider than a terminal. */
export function renderReport(report: CaptureReport): string {
  const kinds = Object.entries(report.kinds).map(([kind, n]) => `${n} ${kind}`)
  const parts = [
    `Format ${report.format}: ${report.understood} of ${report.lines} lines understood` +
      (kinds.length === 0 ? '' : ` (${kinds.join(', ')})`),
    ...report.samples.map(renderSample),
    renderCounts('Refused', report.refusals),
    renderCounts('Notes', report.notes),
    renderOpen(report),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

const VALUE_CHARS_MAX = 60

function renderSample(sample: ExplainedLine): string {
  if (sample.kind === 'refused') {
    const field = sample.field === undefined ? '' : ` (${sample.field})`
    return `Line ${sample.line}: refused, ${sample.code}${field}\n  ${printable(sample.reason)}`
  }
  const rows = sample.fields.map(({ path, value, from }) => {
    return [path, shortened(value), from === null ? 'by the format' : `from ${printable(from)}`]
  })
  const notes = sample.notes.map(note => `  note: ${printable(note)}`)
  const missing = sample.missing.length === 0 ? [] : [`  missing: ${sample.missing.join(', ')}`]
  return [`Line ${sample.line}: understood`, ...table(rows), ...missing, ...notes].join('\n')
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1].map(i => Math.max(0, ...rows.map(row => (row[i] ?? '').length)))
  return rows.map(row => {
    const cells = row.map((cell, i) => cell.padEnd(widths[i] ?? 0))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

function renderCounts(title: string, counts: { readonly [text: string]: number }): string {
  const rows = Object.entries(counts).map(([text, n]) => `  ${n} × ${printable(text)}`)
  return rows.length === 0 ? '' : [`${title}:`, ...rows].join('\n')
}

function renderOpen({ open, understood }: CaptureReport): string {
  if (understood === 0) return ''
  if (open.length === 0) return 'Audit-ready: every question has its field.'
  const byField = Map.groupBy(open, question => question.field)
  const parts = [...byField].map(([field, questions]) => {
    const [first] = questions
    const share = first ? `missing in ${first.unanswered} of ${first.of} events` : ''
    const rows = questions.map(({ asker, question }) => `    ${asker}: ${question}`)
    return [`  ${field} (${first?.aspect}), ${share}`, ...rows, `    → ${first?.remedy}`].join('\n')
  })
  return ['Questions that this log leaves open:', ...parts].join('\n')
}

function shortened(value: Json): string {
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value))
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX - 1)}…` : text
}

/** Logs hold what clients sent: control and bidi characters are shown, not obeyed. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, c => {
    return `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`
  })
}
