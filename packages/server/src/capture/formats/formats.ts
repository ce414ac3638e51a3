// The formats of files that capture can follow and import. A format turns one line into one event
// or one refusal, never throws, and its event depends on nothing but the line: so a line that is
// read twice, from a renamed file or under another source's name, gives the same bytes.

import { combined } from './combined.ts'
import { jsonLines } from './json-lines.ts'
import type { LineContext, LineFormat } from './line-format.ts'
import { nginxJson } from './nginx-json.ts'

export { type AiRoute, matchAiRoute } from './ai-routes.ts'
export type {
  LineContext,
  LineFormat,
  ParsedLine,
  RefusedText,
  UnderstoodLine,
} from './line-format.ts'

/** In the order in which they are tried when nobody says which one a file has. */
export const FORMATS: readonly LineFormat[] = [jsonLines, nginxJson, combined]

/** null when there is no format of that name. */
export function findFormat(name: string): LineFormat | null {
  return FORMATS.find(format => format.name === name) ?? null
}

export type DetectedFormat = {
  readonly format: LineFormat
  /** Lines of the sample that it understands, of `lines` that were not blank. */
  readonly understood: number
  readonly lines: number
}

/** The format that understands most of the sample; null when none understands any line. */
export function detectFormat(
  sampleLines: readonly string[],
  context: LineContext,
): DetectedFormat | null {
  const lines = sampleLines.filter(line => line.trim() !== '')
  let best: DetectedFormat | null = null
  for (const format of FORMATS) {
    const understood = lines.filter(l => format.parseLine(l, context).kind === 'event').length
    if (understood > (best?.understood ?? 0)) best = { format, understood, lines: lines.length }
  }
  return best
}
