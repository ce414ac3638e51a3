// Evaluation by labels: a file of events through the whole engine, as if it had watched, and what
// that was worth. Nothing is stored but what is asked for.

import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { Rule } from '@tocsin/detect/rule'
import { TocsinError } from '@tocsin/sdk/errors'
import { type EventFile, openEventFile, type ReadSoFar } from './event-file.ts'
import { type Label, readLabels } from './labels.ts'
import { type Found, openReplay, type Replay } from './replay.ts'
import { type Score, scoreLabels } from './score-labels.ts'

export { type Found, openReplay, type Replay } from './replay.ts'
export type { Score } from './score-labels.ts'

export type EvaluationConfig = {
  readonly events: string
  readonly labels: string
  readonly rules: readonly Rule[]
  readonly budget: number
  /** Where every finding is written, one JSON object per line. */
  readonly findings?: string
}

export type Evaluation = {
  readonly events: ReadSoFar & { readonly wereSorted: boolean }
  readonly rules: number
  readonly findings: number
  /** Days of events before the first attack, or else label: what baselines could learn from. */
  readonly learningDays: number
  /** Labels none of whose events is in the file, though some are named. */
  readonly labelsWithoutEvents: number
  readonly alertBook: Replay['budget']
  readonly score: Score
}

/** Throws `cli.not_found` and `cli.usage` for files that are none, before anything is computed. */
export async function evaluateFile(config: EvaluationConfig): Promise<Evaluation> {
  const labels = readLabels(config.labels)
  const out = config.findings === undefined ? null : openFindings(config.findings)
  try {
    const file = await openEventFile(config.events)
    try {
      const evaluation = evaluateEvents(file, labels, { ...config, write: out?.write ?? ignore })
      if (evaluation.events.count === 0) throw noEvents(config.events, evaluation.events)
      return evaluation
    } finally {
      file.close()
    }
  } finally {
    out?.close()
  }
}

type Parts = Pick<EvaluationConfig, 'rules' | 'budget'> & {
  readonly write: (found: Found) => void
}

function evaluateEvents(
  file: EventFile,
  labels: readonly Label[],
  { rules, budget, write }: Parts,
): Evaluation {
  const replay = openReplay({ rules, budget })
  const scorer = scoreLabels(labels)
  let findings = 0
  const take = (found: readonly Found[]) => {
    for (const one of found) {
      findings += 1
      write(one)
      scorer.finding(one.finding, one.alert)
    }
  }
  for (const event of file.events()) {
    scorer.event(event)
    take(replay.step(event))
  }
  const { firstMs, lastMs } = file.read
  take(replay.tick(lastMs))
  const score = scorer.finish({ firstMs, lastMs, budget })
  const { campaigns } = score
  const some = campaigns.some(one => !one.isLookAlike)
    ? campaigns.filter(one => !one.isLookAlike)
    : campaigns
  const starts = some.map(one => one.start).filter(startMs => startMs > 0)
  return {
    events: { ...file.read, wereSorted: file.isSorted },
    rules: rules.filter(rule => rule.kind === 'correlation' || rule.findsByItself).length,
    findings,
    learningDays: Math.max(0, Math.min(lastMs, ...starts) - firstMs) / DAY_MS,
    labelsWithoutEvents: score.campaigns.filter(one => one.events > 0 && one.eventsSeen === 0)
      .length,
    alertBook: replay.budget,
    score,
  }
}

function noEvents(path: string, { refused, reasons }: ReadSoFar): TocsinError {
  const why = refused === 0 ? 'it is empty' : `the first reason is: ${reasons[0]}`
  return new TocsinError('cli.usage', {
    public: `no line of ${path} is an event, one JSON object per line is expected; ${why}`,
  })
}

const DAY_MS = 86_400_000
const BUFFER_CHARS = 64 * 1024

function ignore(): void {}

function openFindings(path: string): { write(found: Found): void; close(): void } {
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TocsinError('cli.usage', { public: `cannot write ${path} (${why})`, cause })
  }
  let text = ''
  const flush = () => {
    writeFileSync(file, text)
    text = ''
  }
  return {
    write(found) {
      text += `${JSON.stringify(findingLine(found))}\n`
      if (text.length > BUFFER_CHARS) flush()
    },
    close() {
      flush()
      closeSync(file)
    },
  }
}

/** A finding for other programs: `entity` is the plain id, as labels have it. */
export function findingLine({ finding, alert }: Found): { readonly [member: string]: unknown } {
  const { timeMs, startMs, entity, id, score, rule, detector, level, p, expected, seen } = finding
  const { sentence, eventIds, eventCount, learning } = finding
  return {
    time: timeMs,
    entity: entity.id,
    entityType: entity.type,
    score,
    rule,
    detector,
    level,
    p,
    expected,
    seen,
    sentence,
    eventIds,
    eventCount,
    start: startMs,
    learning,
    id,
    alert: alert?.id ?? null,
    alertScore: alert?.score ?? null,
  }
}
