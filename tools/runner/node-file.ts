// Runs one test file in a process of its own and counts what its tests did. A file that ends early,
// runs no test, or does not end, has failed: none of them shows that anything works.

import { join } from 'node:path'
import { run } from 'node:test'
import type { Failure, Outcome, Skip } from './outcome.ts'

const OUTPUT_CHARS_MAX = 64 * 1024

export async function runNodeFile(root: string, file: string, msMax: number): Promise<Outcome> {
  const start = performance.now()
  const signal = AbortSignal.timeout(msMax)
  const tally = new Tally(join(root, file))
  for await (const event of run({ files: [tally.path], signal, cwd: root })) tally.take(event)
  const late = signal.aborted ? `did not end within ${msMax / 1000} seconds` : null
  return { file, ...tally.end(late), ms: performance.now() - start }
}

type Result = {
  readonly name: string
  readonly nesting: number
  readonly line?: number
  readonly skip?: string | boolean
  readonly details: { readonly type?: 'suite' | 'test'; readonly error?: Error }
}

class Tally {
  readonly path: string
  #passed = 0
  #isFinished = false
  #output = ''
  readonly #failures: Failure[] = []
  readonly #skips: Skip[] = []
  readonly #notes: string[] = []
  /** Names of the suites and tests around the one at work, outermost first. */
  readonly #names: string[] = []

  constructor(path: string) {
    this.path = path
  }

  take({ type, data }: { readonly type: string; readonly data: unknown }): void {
    if (type === 'test:start') this.#begin(parseResult(data))
    if (type === 'test:pass') this.#pass(parseResult(data))
    if (type === 'test:fail') this.#fail(parseResult(data))
    if (type === 'test:stdout' || type === 'test:stderr') this.#say(parseMessage(data).message)
    const { message, file } = parseMessage(data)
    // Without a file it is the sum of all files, which is counted here.
    if (file === undefined) return
    if (type === 'test:diagnostic') this.#notes.push(message)
    if (type === 'test:summary') this.#isFinished = true
  }

  end(late: string | null): Omit<Outcome, 'file' | 'ms'> {
    const count = this.#passed + this.#failures.length + this.#skips.length
    if (late !== null) this.#failFile(late)
    else if (count === 0) this.#failFile('it ran no test')
    else if (!this.#isFinished && this.#failures.length === 0) {
      this.#failFile('it ended before its tests were done')
    }
    return {
      passed: this.#passed,
      failures: this.#failures,
      skips: this.#skips,
      notes: this.#notes,
    }
  }

  #begin({ name, nesting }: Result): void {
    this.#names.length = nesting
    this.#names[nesting] = name
  }

  #pass(result: Result): void {
    const { skip, details } = result
    if (this.#isFile(result)) return
    // A suite says again what its tests said, except when it is skipped as a whole.
    if (skip !== undefined && skip !== false) {
      const why = typeof skip === 'string' ? skip : 'no reason given'
      this.#skips.push({ name: this.#fullName(result), why })
    } else if (details.type !== 'suite') this.#passed += 1
  }

  #fail(result: Result): void {
    const { error } = result.details
    const isEcho = error !== undefined && 'failureType' in error
    if (isEcho && error.failureType === 'subtestsFailed') return
    if (this.#isFile(result)) this.#failFile(renderError(error))
    else this.#failures.push({ name: this.#fullName(result), text: renderError(error) })
  }

  #failFile(why: string): void {
    const output = this.#output === '' ? '' : `\nIt wrote:\n${this.#output}`
    this.#failures.push({ name: 'the file as a whole', text: `${why}${output}` })
  }

  #say(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_CHARS_MAX)
  }

  /** The process of the file itself is reported as a test with the name of its path. */
  #isFile({ name, nesting }: Result): boolean {
    return nesting === 0 && name === this.path
  }

  #fullName({ name, nesting, line }: Result): string {
    const names = [...this.#names.slice(0, nesting), name].join(' › ')
    return line === undefined ? names : `${names} (line ${line})`
  }
}

function parseResult(data: unknown): Result {
  return data as Result
}

function parseMessage(data: unknown): { readonly message: string; readonly file?: string } {
  return data as { readonly message: string; readonly file?: string }
}

/** What the test threw, with what caused that; frames inside Node say nothing. */
function renderError(error: unknown): string {
  const lines: string[] = []
  let next = error instanceof Error && 'failureType' in error ? (error.cause ?? error) : error
  while (next !== undefined) {
    const text = next instanceof Error ? (next.stack ?? next.message) : String(next)
    lines.push((lines.length > 0 ? 'caused by ' : '') + text)
    next = next instanceof Error ? next.cause : undefined
  }
  return lines
    .join('\n')
    .replaceAll(/^ +at .*[( ]node:.*\n?/gm, '')
    .trimEnd()
}
