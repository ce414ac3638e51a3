// JSON lines: each line is a wire event, as the SDKs and the Python middleware write it to a file.

import { parseEventLine, type WireEvent } from '@tocsin/sdk/event'
import { missingFields } from '../audit-ready.ts'
import { type LineContext, type LineFormat, type ParsedLine, refusalOf } from './line-format.ts'

const NO_NOTES: readonly string[] = []

export const jsonLines: LineFormat = {
  name: 'jsonl',
  help: 'JSON lines: one event of docs/spec/event.md per line',
  invalidUtf8: 'refuse',
  parseLine(line: string, context: LineContext): ParsedLine {
    try {
      const event = parseEventLine(line, context.nowMs)
      return { kind: 'event', event, missing: missingFields(event), notes: NO_NOTES }
    } catch (error) {
      return refusalOf(error)
    }
  },
  origins(line: string): ReadonlyMap<string, string> {
    try {
      // Any time is accepted here: what is asked is only where a value stood.
      const event = parseEventLine(line, Number.MAX_SAFE_INTEGER)
      return new Map(pathsOf(event, '').map(path => [path, path]))
    } catch {
      return new Map()
    }
  },
}

function pathsOf(value: WireEvent | object, prefix: string): readonly string[] {
  return Object.entries(value).flatMap(([key, part]) => {
    const path = `${prefix}${key}`
    const plain = typeof part === 'object' && part !== null && !Array.isArray(part)
    return plain && path !== 'ext' ? pathsOf(part, `${path}.`) : [path]
  })
}
