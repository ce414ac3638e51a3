// What stands in the cells of the table, and which filter a cell stands for. Cells are many and
// change while somebody scrolls, so they are plain elements; what needs more room is in the drawer.

import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import type { ReactNode } from 'react'
import { nowMs } from '../clock/clock.ts'
import type { Column } from '../grid/grid.tsx'
import {
  ago,
  bytes,
  cost,
  count,
  duration,
  OutcomeMark,
  Plain,
  stamp,
  visible,
  type Zone,
  zoneName,
} from '../value/value.tsx'
import type { FoundEvent } from './asking.ts'
import { askedText, cutJson, type EventValue, textAt, valuesAt } from './event-values.ts'
import type { LiveRow } from './live/live.ts'
import { isSortable, TARGET, TARGET_FIELDS } from './view.ts'

export type Row = LiveRow<FoundEvent>
export type CellFilter = { readonly field: string; readonly value: string | null }

const CELL_CHARS_MAX = 160
const VALUES_SHOWN = 3

const WIDTHS: { readonly [name: string]: string } = {
  time: '156px',
  outcome: '84px',
  'actor.id': 'minmax(146px, 2fr)',
  kind: '100px',
  operation: 'minmax(88px, 1fr)',
  [TARGET]: 'minmax(130px, 2fr)',
  'source.ip': '108px',
  rows: '76px',
  durationMs: '84px',
  status: '64px',
}

export function buildColumns(names: readonly string[], zone: Zone): readonly Column<Row>[] {
  return names.map(name => {
    const field = FIELD_BY_NAME.get(name)
    const isNumber = field !== undefined && (field.type === 'int' || field.type === 'number')
    return {
      name,
      title: <span title={field?.help ?? TARGET_HELP}>{name === TARGET ? 'reached' : name}</span>,
      width: WIDTHS[name] ?? (isNumber ? '96px' : 'minmax(130px, 1fr)'),
      isNumber,
      cell: row => (row.kind === 'event' ? <Cell {...{ event: row.event, name, zone }} /> : null),
      ...(field && isSortable(field) ? { sort: name } : {}),
    }
  })
}

const TARGET_HELP = 'The model, tool, resource or endpoint that was reached'

/** What `f` and `F` act on; null where a filter makes no sense. Absence can be asked for. */
export function filterOf(event: FoundEvent, name: string): CellFilter | null {
  const field = name === TARGET ? targetField(event) : name
  const type = FIELD_BY_NAME.get(field)?.type
  if (type === undefined || type === 'json' || type === 'time') return null
  const [value] = valuesAt(event, field)
  if (value === undefined) return name === TARGET ? null : { field, value: null }
  const asked = askedText(value)
  return asked === null ? null : { field, value: asked }
}

function targetField(event: FoundEvent): string {
  const found = TARGET_FIELDS.find(path => valuesAt(event, path).length > 0)
  return found ?? ''
}

function Cell({
  event,
  name,
  zone,
}: {
  readonly event: FoundEvent
  readonly name: string
  readonly zone: Zone
}): ReactNode {
  const path = name === TARGET ? targetField(event) : name
  const field = FIELD_BY_NAME.get(path)
  if (!field) return null
  const values = valuesAt(event, path)
  const [first] = values
  if (first === undefined) return null
  if (path === 'outcome') return <OutcomeMark outcome={String(first)} />
  if (path === 'actor.id') return <Who event={event} />
  if (field.type === 'time' && typeof first === 'number') return <Moment ms={first} zone={zone} />
  const words = values.slice(0, VALUES_SHOWN).map(value => wordsOf(value, field))
  const more = values.length - words.length
  const text = more > 0 ? `${words.join(', ')} +${more}` : words.join(', ')
  return <Plain isOneLine text={text} charsMax={CELL_CHARS_MAX} />
}

/** To the millisecond: what happened first is a question here. */
function Moment({ ms, zone }: { readonly ms: number; readonly zone: Zone }): ReactNode {
  return (
    <time dateTime={new Date(ms).toISOString()} title={momentTitle(ms)}>
      {exactStamp(ms, zone)}
    </time>
  )
}

export function exactStamp(ms: number, zone: Zone): string {
  const full = stamp(ms, zone)
  const isThisYear = full.slice(0, 4) === stamp(nowMs(), zone).slice(0, 4)
  const thousandths = String(((ms % 1000) + 1000) % 1000).padStart(3, '0')
  return `${isThisYear ? full.slice(5) : full}.${thousandths}`
}

function momentTitle(ms: number): string {
  const local = `${stamp(ms, 'local')} ${zoneName('local')}`
  return [ago(ms, nowMs()), local, `${stamp(ms, 'utc')} UTC`, String(ms)].join('\n')
}

function Who({ event }: { readonly event: FoundEvent }): ReactNode {
  const { id, verified, claimed } = event.actor
  const isProved = verified !== undefined && verified !== 'none'
  return (
    <span className="who">
      <Plain isOneLine text={id.slice(0, CELL_CHARS_MAX)} />
      {isProved ? (
        <span className="proof is-verified" title={`The identity was proved: ${verified}`}>
          <svg width="11" height="11" viewBox="0 0 12 12" aria-hidden="true" fill="none">
            <path d="M2 6.5 5 9.5 10.5 3" stroke="currentColor" strokeWidth="2" />
          </svg>
          <span className="unseen">verified</span>
        </span>
      ) : (
        <span className="proof is-claimed" title="Stated by the caller; nothing proved it">
          claimed
        </span>
      )}
      {claimed !== undefined && claimed !== id && (
        <span className="proof is-claimed" title="Another name that the caller stated">
          says {visible(claimed.slice(0, CELL_CHARS_MAX))}
        </span>
      )}
    </span>
  )
}

/** Numbers with their unit; texts as they are, cut. */
export function wordsOf(value: EventValue, { path, type }: Field): string {
  if (typeof value === 'object') return cutJson(value, CELL_CHARS_MAX)
  if (typeof value === 'string') return value.slice(0, CELL_CHARS_MAX + 1)
  if (typeof value !== 'number' || type === 'time') return String(value)
  if (path === 'durationMs' || path === 'ttftMs') return duration(value)
  if (path.startsWith('bytes.') || path === 'content.size') return bytes(value)
  if (path === 'costMicros') return cost(value)
  // Ports, codes, versions: numbers that nobody adds up have no separators.
  const isAmount = path === 'rows' || path.startsWith('usage.') || path === 'params.maxTokens'
  return isAmount ? count(value) : String(value)
}

/** Who did what to what, in one sentence. */
export function sentenceOf(event: FoundEvent): string {
  const target = textAt(event, targetField(event))
  const what = target === null ? event.operation : `${event.operation} on ${target}`
  return `${event.actor.id}: ${what}`
}
