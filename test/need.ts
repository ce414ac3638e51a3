// What a suite needs beyond this repository, as node:test's `skip` option: false when it is there,
// else a sentence that the test runner prints. On CI a missing program is a failure, missing data
// only a skip: data is not part of a clone, and every program can be installed.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const REPOSITORY: string = join(import.meta.dirname, '..')

/** Absolute path of shared test data, whether or not it is there. */
export function dataPath(path: string): string {
  return join(REPOSITORY, '..', 'shared', 'data', path)
}

/** `path` is below the folder of shared test data. */
export function needData(path: string): false | string {
  return existsSync(dataPath(path)) ? false : `needs the shared test data ${path}`
}

/** Throws on CI when the program is not on PATH. */
export function needProgram(name: string): false | string {
  const { status } = spawnSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name])
  return status === 0 ? false : missing(`needs ${name}; tools/real-env.sh installs it`)
}

/** The Python of the project's own environment, with python/requirements-test.txt installed. */
export const PYTHON: string =
  process.env.TOCSIN_PYTHON ?? join(REPOSITORY, 'node_modules/.cache/tocsin/venv/bin/python')

/** Throws on CI when the environment is not there. */
export function needPython(): false | string {
  if (existsSync(PYTHON)) return false
  return missing('needs the Python environment; tools/real-env.sh makes it')
}

function missing(why: string): string {
  if (process.env.CI === 'true') throw new Error(`this suite ${why}`)
  return why
}
