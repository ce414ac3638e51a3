// What running one test file came to, and how a person reads it.

const LINE_CHARS_MAX = 400
const FAILURE_LINES_MAX = 400

export type Failure = { readonly name: string; readonly text: string }
export type Skip = { readonly name: string; readonly why: string }

export type Outcome = {
  /** Path below the repository. */
  readonly file: string
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly Skip[]
  /** Figures that tests report without judging them. */
  readonly notes: readonly string[]
  readonly ms: number
}

export const DATA_REASON = 'needs the shared test data'

/** One line for the file, and about each failure all that a person can read. */
export function renderOutcome(outcome: Outcome): string {
  const { file, passed, failures, skips, notes, ms } = outcome
  const counts = [
    `${passed} passed`,
    ...(failures.length > 0 ? [`${failures.length} FAILED`] : []),
    ...(skips.length > 0 ? [`${skips.length} skipped`] : []),
  ]
  const mark = failures.length > 0 ? '✖' : passed > 0 ? '✔' : '-'
  return [
    `${mark} ${file}  ${counts.join(', ')}  ${(ms / 1000).toFixed(1)} s`,
    ...notes.map(note => `    ${note}`),
    ...failures.map(({ name, text }) => `\n  FAILED ${name}\n${readable(text)}\n`),
  ].join('\n')
}

function readable(text: string): string {
  const cut = (line: string) => {
    const left = line.length - LINE_CHARS_MAX
    return left > 0 ? `${line.slice(0, LINE_CHARS_MAX)}… (${left} characters more)` : line
  }
  const lines = text.split('\n')
  const left = lines.length - FAILURE_LINES_MAX
  const shown = left > 0 ? [...lines.slice(0, FAILURE_LINES_MAX), `… (${left} lines more)`] : lines
  return shown.map(line => `    ${cut(line)}`).join('\n')
}

/** Names of what failed, of what was skipped with the reasons, and in the last line the counts. */
export function renderEnd(outcomes: readonly Outcome[]): string {
  const failed = outcomes.flatMap(({ file, failures }) =>
    failures.map(({ name }) => `  ${file}: ${name}`),
  )
  const skipped = outcomes.flatMap(({ file, skips }) => skips.map(skip => ({ file, ...skip })))
  const reasons = [...Map.groupBy(skipped, ({ why }) => why)].flatMap(([why, those]) => [
    `  ${why}:`,
    ...those.map(({ file, name }) => `    ${file}: ${name}`),
  ])
  const { passed, failures, skips } = sumOf(outcomes)
  return [
    ...(failed.length > 0 ? ['', 'Failed:', ...failed] : []),
    ...(reasons.length > 0 ? ['', 'Skipped:', ...reasons] : []),
    '',
    `${passed} passed, ${failures} failed, ${skips} skipped`,
  ].join('\n')
}

export function isGood(outcomes: readonly Outcome[]): boolean {
  const { passed, failures } = sumOf(outcomes)
  return failures === 0 && passed > 0
}

/**
 * On CI only missing data may keep a suite from running: every program is installed there, and a
 * skip without a reason hides something.
 */
export function judgedForCi(outcome: Outcome): Outcome {
  const mayBe = ({ why }: Skip) => why.startsWith(DATA_REASON)
  const missing = outcome.skips.filter(skip => !mayBe(skip))
  const asFailures = missing.map(({ name, why }) => ({ name, text: `skipped on CI: ${why}` }))
  return {
    ...outcome,
    skips: outcome.skips.filter(mayBe),
    failures: [...outcome.failures, ...asFailures],
  }
}

function sumOf(outcomes: readonly Outcome[]): { passed: number; failures: number; skips: number } {
  const sum = (count: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  return {
    passed: sum(({ passed }) => passed),
    failures: sum(({ failures }) => failures.length),
    skips: sum(({ skips }) => skips.length),
  }
}
