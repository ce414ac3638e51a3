// Runs Python's unit tests in one process and reads what became of each.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Failure, Outcome, Skip } from './outcome.ts'

const SCRIPT = join(import.meta.dirname, 'unittest_lines.py')

export type PythonRun = {
  readonly root: string
  readonly python: string
  /** Test files of one folder, below the root. */
  readonly files: readonly string[]
  readonly msMax: number
}

type Line =
  | { readonly kind: 'pass' | 'end'; readonly file: string; readonly name: string }
  | { readonly kind: 'fail'; readonly file: string; readonly name: string; readonly text: string }
  | { readonly kind: 'skip'; readonly file: string; readonly name: string; readonly why: string }

export function isPython(python: string): boolean {
  return spawnSync(python, ['--version'], { stdio: 'ignore' }).status === 0
}

/** One outcome per file, as soon as the file is done. */
export async function* runPythonFiles(plan: PythonRun): AsyncGenerator<Outcome> {
  const { root, python, files, msMax } = plan
  if (files.length === 0) return
  const folder = dirname(files[0] ?? '')
  const modules = files.map(file => basename(file, '.py'))
  const child = spawn(python, ['-B', SCRIPT, join(root, folder), ...modules], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, signal) => resolve(`python ended with ${signal ?? code}`))
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), msMax)
  const left = new Set(files)
  let open = newOutcome(performance.now())
  for await (const text of createInterface({ input: child.stdout })) {
    const line = parseLine(text)
    if (line.kind === 'pass') open.passed += 1
    if (line.kind === 'fail') open.failures.push({ name: line.name, text: line.text })
    if (line.kind === 'skip') open.skips.push({ name: line.name, why: line.why })
    if (line.kind !== 'end') continue
    const file = join(folder, `${line.file}.py`)
    left.delete(file)
    yield closeOutcome(file, open)
    open = newOutcome(performance.now())
  }
  const why = await closed
  clearTimeout(timer)
  for (const file of left) {
    open.failures.push({ name: 'the file as a whole', text: `did not come to its end: ${why}` })
    yield closeOutcome(file, open)
    open = newOutcome(performance.now())
  }
}

type OpenOutcome = { passed: number; failures: Failure[]; skips: Skip[]; startMs: number }

function newOutcome(startMs: number): OpenOutcome {
  return { passed: 0, failures: [], skips: [], startMs }
}

function closeOutcome(file: string, { startMs, ...counts }: OpenOutcome): Outcome {
  const { passed, failures, skips } = counts
  if (passed + failures.length + skips.length === 0) {
    failures.push({ name: 'the file as a whole', text: 'it ran no test' })
  }
  return { file, ...counts, notes: [], ms: performance.now() - startMs }
}

/** A line that the script wrote; tests write elsewhere. */
function parseLine(text: string): Line {
  return JSON.parse(text) as Line
}

/** Why a suite of Python cannot run here, or null. */
export function missingPython(python: string, isReal: boolean): string | null {
  if (isPython(python)) return null
  return isReal
    ? 'needs the Python environment; tools/real-env.sh makes it'
    : 'needs python3; install Python 3.9 or newer'
}

/** The project's own environment for suites against real programs, else the machine's Python. */
export function pythonFor(root: string, isReal: boolean): string {
  const own = join(root, 'node_modules/.cache/tocsin/venv/bin/python')
  if (isReal) return process.env.TOCSIN_PYTHON ?? own
  return existsSync(own) && !isPython('python3') ? own : 'python3'
}
