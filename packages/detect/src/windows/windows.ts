// Counting correlations over sliding windows, and what stops coming. The door of this folder.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { Detector } from '../detector.ts'
import { keysOf, type ReadField, readField } from '../field-value.ts'
import type { CorrelationRule } from '../rule.ts'
import { loadDistinctWindow, openDistinctWindow } from './distinct-window.ts'
import { ENTRIES_MAX } from './sliding-window.ts'
import { loadSumWindow, openSumWindow } from './sum-window.ts'
import { buildWindow, type WindowGroup } from './window-detector.ts'

export { type AbsenceGroup, buildAbsence } from './absence.ts'

/** A rule that asks for more values than this is met by as many. */
const VALUES_MAX = 16_384

export function buildEventCount(rule: CorrelationRule): Detector<WindowGroup<number>, null> {
  return buildWindow(rule, {
    read: () => 1,
    open: () => openSumWindow(rule.timespanMs),
    load: input => loadSumWindow(input, rule.timespanMs),
    unit: 'matching events',
  })
}

/** Sums a number of the event; events without it count nothing. */
export function buildValueSum(rule: CorrelationRule): Detector<WindowGroup<number>, null> {
  const field = rule.field ?? ''
  const read = readField(field)
  return buildWindow(rule, {
    read: event => numberOf(read(event)),
    open: () => openSumWindow(rule.timespanMs),
    load: input => loadSumWindow(input, rule.timespanMs),
    unit: field,
  })
}

/** Counts different values, texts and numbers alike; of a list each counts. */
export function buildValueCount(
  rule: CorrelationRule,
): Detector<WindowGroup<readonly string[]>, null> {
  const field = rule.field ?? ''
  const read = readField(field)
  const asked = Math.min(VALUES_MAX, Math.max(0, ...rule.condition.map(({ value }) => value)))
  const size = { spanMs: rule.timespanMs, entriesMax: Math.max(ENTRIES_MAX, 4 * Math.ceil(asked)) }
  return buildWindow(rule, {
    read: event => keysAt(read, event),
    open: () => openDistinctWindow(size),
    load: input => loadDistinctWindow(input, size),
    unit: `different values of ${field}`,
  })
}

/** In a list the numbers are added up. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (!Array.isArray(value)) return null
  const numbers = value.filter(item => typeof item === 'number' && Number.isFinite(item))
  return numbers.length === 0 ? null : numbers.reduce((sum, n) => sum + n, 0)
}

function keysAt(read: ReadField, event: SealedEvent): readonly string[] | null {
  const keys = keysOf(read(event))
  // A half surrogate would be another text after the state was saved.
  return keys.length === 0 ? null : keys.map(key => key.toWellFormed())
}
