// Runs the tests of the repository that it is started in, and says in the last line how many
// passed, failed and were skipped. Without arguments the quick ones; with --real those against real
// programs; other arguments choose files by part of their path. Under CI=true nothing may be
// skipped for want of a program.

import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runNodeFile } from './runner/node-file.ts'
import { isGood, judgedForCi, type Outcome, renderEnd, renderOutcome } from './runner/outcome.ts'
import { missingPython, pythonFor, runPythonFiles } from './runner/python-files.ts'

const FILE_SECONDS_MAX = 600
/**
 * Suites of the console that have not been seen whole and green on a quiet machine yet: they run
 * where they are named (`npm run test:console`). Each leaves this list when it has been.
 */
const WHERE_NAMED: ReadonlySet<string> = new Set(
  ['accessibility', 'entity', 'explore', 'hostile', 'overview', 'screenshots'].map(
    name => `test/real/console/${name}.test.ts`,
  ),
)
const REAL_FILE_SECONDS_MAX = 1800

type Plan = {
  readonly root: string
  readonly isReal: boolean
  readonly isCi: boolean
  readonly fileMsMax: number
  /** How many files run at once. */
  readonly width: number
  readonly nodeFiles: readonly string[]
  readonly pythonFiles: readonly string[]
}

async function main(): Promise<number> {
  const plan = planOf(process.cwd(), process.argv.slice(2))
  if (plan.nodeFiles.length + plan.pythonFiles.length === 0) {
    console.error('tocsin: no test file has that in its path')
    return 2
  }
  const outcomes: Outcome[] = []
  const take = (outcome: Outcome) => {
    const judged = plan.isCi ? judgedForCi(outcome) : outcome
    outcomes.push(judged)
    console.log(renderOutcome(judged))
  }
  const jobs = [
    () => runPython(plan, take),
    ...plan.nodeFiles.map(file => runFile(plan, file, take)),
  ]
  await inTurns(jobs, plan.width)
  console.log(renderEnd(outcomes))
  return isGood(outcomes) ? 0 : 1
}

function planOf(root: string, args: readonly string[]): Plan {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { real: { type: 'boolean' }, 'file-seconds': { type: 'string' } },
  })
  const isReal = values.real === true
  const seconds = values['file-seconds'] ?? (isReal ? REAL_FILE_SECONDS_MAX : FILE_SECONDS_MAX)
  const chosen = (patterns: readonly string[]) =>
    globSync([...patterns], { cwd: root, exclude: ['**/node_modules'] })
      .filter(file => isReal || !file.startsWith('test/real/'))
      .filter(file =>
        positionals.length === 0
          ? !WHERE_NAMED.has(file)
          : positionals.some(part => file.includes(part)),
      )
      .sort()
  return {
    root,
    isReal,
    isCi: process.env.CI === 'true',
    fileMsMax: Number(seconds) * 1000,
    width: isReal ? 1 : 2,
    nodeFiles: chosen(
      isReal
        ? ['test/real/**/*.test.ts']
        : ['packages/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    ),
    pythonFiles: chosen([isReal ? 'python/tests_real/test_*.py' : 'python/tests/test_*.py']),
  }
}

function runFile({ root, fileMsMax }: Plan, file: string, take: (outcome: Outcome) => void) {
  return async (): Promise<void> => take(await runNodeFile(root, file, fileMsMax))
}

async function runPython(plan: Plan, take: (outcome: Outcome) => void): Promise<void> {
  const { root, isReal, fileMsMax: msMax, pythonFiles: files } = plan
  if (files.length === 0) return
  const python = pythonFor(root, isReal)
  const why = missingPython(python, isReal)
  if (why === null) {
    for await (const outcome of runPythonFiles({ root, python, files, msMax })) take(outcome)
    return
  }
  const skips = files.map(name => ({ name, why }))
  take({
    file: isReal ? 'python/tests_real' : 'python/tests',
    passed: 0,
    failures: [],
    skips,
    notes: [],
    ms: 0,
  })
}

/** Runs all jobs, at most `width` at once, in order. */
async function inTurns(jobs: readonly (() => Promise<void>)[], width: number): Promise<void> {
  const queue = jobs.values()
  const work = async () => {
    for (const job of queue) await job()
  }
  await Promise.all(Array.from({ length: width }, work))
}

process.exitCode = await main()
