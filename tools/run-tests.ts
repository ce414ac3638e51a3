// Runs the tests and says in the last line how many passed, failed and were skipped. Without
// arguments the quick ones; with --real those against real programs; further arguments choose files
// by part of their path.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const FILE_MS_MAX = 20 * 60_000

type Tally = { passed: number; failed: number; skipped: number; readonly why: Map<string, number> }

async function main(args: readonly string[]): Promise<number> {
  const isReal = args.includes('--real')
  const parts = args.filter(arg => !arg.startsWith('--'))
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, why: new Map() }
  const files = findFiles(isReal).filter(f => parts.length === 0 || parts.some(p => f.includes(p)))
  await runNode(files, isReal ? 1 : 2, tally)
  if (parts.length === 0) await runPython(isReal, tally)
  if (tally.why.size > 0) {
    console.log('\nSkipped:')
    for (const [why, count] of tally.why) console.log(`  ${count} × ${why}`)
  }
  console.log(`\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1
}

function findFiles(isReal: boolean): readonly string[] {
  const patterns = isReal
    ? ['test/real/**/*.test.ts']
    : ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts']
  const found = patterns.flatMap(pattern => globSync(pattern, { cwd: ROOT }))
  return found.filter(f => isReal || !f.startsWith('test/real/')).sort()
}

async function runNode(files: readonly string[], concurrency: number, tally: Tally): Promise<void> {
  if (files.length === 0) return
  const paths = files.map(f => join(ROOT, f))
  const stream = run({ files: paths, concurrency, timeout: FILE_MS_MAX })
  for await (const { type, data } of stream) {
    if (type === 'test:stderr' || type === 'test:stdout') {
      if (type === 'test:stderr') process.stderr.write(data.message)
      continue
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    // A suite or file repeats what its tests said.
    if (data.details.type === 'suite') continue
    if (data.skip !== undefined) skip(tally, typeof data.skip === 'string' ? data.skip : data.name)
    else if (type === 'test:pass') tally.passed += 1
    else report(data.name, data.file, data.details.error, tally)
  }
}

function report(name: string, file: string | undefined, error: unknown, tally: Tally): void {
  tally.failed += 1
  const where = file === undefined ? '' : ` (${file.replace(`${ROOT}/`, '')})`
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  console.log(`\nFAILED ${name}${where}\n${cause instanceof Error ? cause.stack : String(cause)}`)
}

function skip(tally: Tally, why: string): void {
  tally.skipped += 1
  tally.why.set(why, (tally.why.get(why) ?? 0) + 1)
}

async function runPython(isReal: boolean, tally: Tally): Promise<void> {
  const folder = isReal ? 'python/tests_real' : 'python/tests'
  if (!existsSync(join(ROOT, folder))) return
  const venv = join(ROOT, 'node_modules/.cache/tocsin/venv/bin/python')
  const python = isReal ? (process.env.TOCSIN_PYTHON ?? venv) : 'python3'
  if (spawnSync(python, ['--version']).status !== 0) {
    const why = `${folder} needs ${isReal ? 'the Python environment; tools/real-env.sh makes it' : 'python3'}`
    if (process.env.CI === 'true') report(why, undefined, new Error(why), tally)
    else skip(tally, why)
    return
  }
  const args = ['-m', 'unittest', 'discover', '-s', folder]
  const env = { ...process.env, PYTHONPATH: join(ROOT, 'python') }
  const child = spawn(python, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'pipe'] })
  const text = await output(child)
  countPython(text, child.exitCode ?? 1, folder, tally)
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await new Promise(resolve => child.on('close', resolve))
  return text
}

/** unittest ends with `Ran N tests in …` and `OK` or `FAILED (failures=A, errors=B, skipped=C)`. */
function countPython(text: string, exitCode: number, folder: string, tally: Tally): void {
  const total = Number(/^Ran (\d+) tests?/m.exec(text)?.[1] ?? 0)
  const count = (word: string) => Number(new RegExp(`${word}=(\\d+)`).exec(text)?.[1] ?? 0)
  const failed = count('failures') + count('errors')
  const skipped = count('skipped')
  tally.passed += Math.max(0, total - failed - skipped)
  tally.failed += failed
  for (let i = 0; i < skipped; i++) skip(tally, `${folder}: see its own output`)
  if (exitCode === 0 && total > 0) return
  if (failed === 0) tally.failed += 1
  console.log(`\nFAILED ${folder}\n${text}`)
}

process.exitCode = await main(process.argv.slice(2))
