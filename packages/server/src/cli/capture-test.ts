// `tocsin capture test`: shows how a sample of a log is understood, field by field, before it is
// connected.

import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import { hasCode } from '../base/durable.ts'
import { explainLines, parseFileFormat, renderReport } from '../capture/capture.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { readSample } from './read-file.ts'

const SAMPLE_BYTES_MAX = 4 * 1024 * 1024

export async function captureTest(
  formatName: string,
  path: string,
  flags: Json,
  io: Io,
): Promise<ExitCode> {
  const format = parseFileFormat(formatName)
  const lines = readLines(path)
  const report = explainLines(lines, format, { nowMs: systemClock.nowMs(), source: path })
  io.out(flags.json ? `${JSON.stringify(report)}\n` : renderReport(report))
  if (report.refused === 0 && report.understood > 0) return EXIT.ok
  return EXIT.findings
}

function readLines(path: string): readonly string[] {
  try {
    return readSample(path, SAMPLE_BYTES_MAX).map(line => (line.kind === 'line' ? line.text : ''))
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'EISDIR')) throw cause
    throw new TocsinError('cli.not_found', { public: `there is no file ${path}`, cause })
  }
}
