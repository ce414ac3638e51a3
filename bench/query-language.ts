// What a question costs before any event is looked at, and what the predicate costs per event:
// real questions, the largest, and hostile ones. Prints microseconds, the best of the rounds.
//
//   node bench/query-language.ts [rounds]

import { FIELDS } from '@tocsin/sdk/event'
import {
  compilePredicate,
  compileSql,
  lintQuery,
  QUERY_BYTES_MAX,
  QUERY_CLAUSES_MAX,
  readQuery,
} from '@tocsin/sdk/query'

const ROUNDS = Number(process.argv[2] ?? 50)
const NOW_MS = 1_790_000_000_000

const groups = QUERY_CLAUSES_MAX / 2
const QUESTIONS: readonly (readonly [string, string])[] = [
  ['one field', 'outcome:denied'],
  ['a usual one', 'actor.id:svc-* and operation:read and not outcome:success time>now-24h'],
  ['a network and words', 'source.ip:10.0.0.0/8 weights download -kind:tocsin.*'],
  ['500 values of a field', `actor.id:(${'usr or '.repeat(499)}usr)`],
  ['2,500 groups with a value each', `v:(${'(1)'.repeat(groups - 2)})`],
  ['words, as many as may be', 'a '.repeat(333)],
]
/** Refused, or with problems: must cost no more than good ones. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['parentheses only', '('.repeat(QUERY_BYTES_MAX)],
  ['quotation marks only', '"'.repeat(QUERY_BYTES_MAX)],
  ['one long word', 'a'.repeat(QUERY_BYTES_MAX)],
  ['white space behind each field', `a<${' '.repeat(60)}`.repeat(130)],
  ['unknown fields', 'nosuchfieldatall:1 '.repeat(430)],
  ['escapes', '\\'.repeat(QUERY_BYTES_MAX)],
]

function bestMicros(run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best * 1000
}

function show(what: string, micros: number): void {
  console.log(`${what.padEnd(48)}${micros.toFixed(1).padStart(12)} µs`)
}

for (const [what, text] of QUESTIONS) {
  show(
    `${what}: to SQL`,
    bestMicros(() => compileSql(readQuery(text, FIELDS, NOW_MS))),
  )
}
for (const [what, text] of HOSTILE) {
  show(
    `${what}: every problem`,
    bestMicros(() => lintQuery(text, FIELDS, NOW_MS)),
  )
}

const event = {
  time: NOW_MS,
  kind: 'ai.invoke',
  operation: 'chat',
  outcome: 'denied',
  actor: { type: 'service', id: 'svc-billing' },
  model: { served: 'meta-llama/Llama-3' },
  source: { ip: '10.20.30.40', userAgent: 'python-httpx/0.27 (Linux; x86_64) '.repeat(4) },
  endpoint: 'POST /v1/chat/completions',
}
for (const [what, text] of QUESTIONS.slice(0, 3)) {
  const matches = compilePredicate(readQuery(text, FIELDS, NOW_MS))
  const thousand = () => {
    for (let i = 0; i < 1000; i++) matches(event)
  }
  show(`${what}: one event`, bestMicros(thousand) / 1000)
}
