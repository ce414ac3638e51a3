// Reads the events of a log file in any format, without storing anything.

import { readFileSync } from 'node:fs'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import {
  createLineSplitter,
  detectFormat,
  type Line,
  type LineFormat,
  openImport,
  parseFileFormat,
} from '../capture/capture.ts'

const SAMPLE_LINES = 50

/**
 * Events in the order of the file; null for a line that is none. The format is found out if not
 * given.
 */
export async function* readFileEvents(
  path: string,
  formatName: string | undefined,
  nowMs: number,
): AsyncGenerator<WireEvent | null> {
  const splitter = createLineSplitter({ invalidUtf8: 'escape' })
  let format = formatName === undefined ? null : parseFileFormat(formatName)
  let held: readonly Line[] = []
  const read = (lines: readonly Line[], found: LineFormat) => {
    const context = { nowMs, source: path }
    return lines.map(line => {
      const parsed = line.kind === 'line' ? found.parseLine(line.text, context) : null
      return parsed?.kind === 'event' ? parsed.event : null
    })
  }
  for await (const chunk of openImport(path)) {
    const lines = splitter.push(chunk)
    held = format ? lines : [...held, ...lines]
    if (!format && held.length < SAMPLE_LINES) continue
    format ??= formatOf(held, path, nowMs)
    yield* read(held, format)
    held = []
  }
  held = [...held, ...splitter.end()]
  if (held.length > 0) yield* read(held, format ?? formatOf(held, path, nowMs))
}

function formatOf(lines: readonly Line[], path: string, nowMs: number): LineFormat {
  const sample = lines.slice(0, SAMPLE_LINES).flatMap(l => (l.kind === 'line' ? [l.text] : []))
  const found = detectFormat(sample, { nowMs, source: path })
  if (found) return found.format
  throw new TocsinError('cli.usage', {
    public: `${path} is in no format that Tocsin knows; name one with --format, or try \`tocsin capture test\``,
  })
}

/** The first lines of a file, for a look at them. */
export function readSample(path: string, bytesMax: number): readonly Line[] {
  const bytes = readFileSync(path).subarray(0, bytesMax)
  const splitter = createLineSplitter({ invalidUtf8: 'escape' })
  return [...splitter.push(bytes), ...splitter.end()]
}
