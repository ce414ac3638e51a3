// What a suite needs beyond this repository, as node:test's `skip` option: false when it is there,
// else a sentence. On CI a missing program is a failure, missing data only a skip.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const REPOSITORY: string = join(import.meta.dirname, '..')

/** Absolute path of shared test data, whether or not it is there. */
export function dataPath(path: string): string {
  return join(REPOSITORY, '..', 'shared', 'data', path)
}

export function needData(path: string): false | string {
  return existsSync(dataPath(path)) ? false : `needs the shared test data ${path}`
}

export function needProgram(name: string): false | string {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (found) return false
  if (process.env.CI === 'true')
    throw new Error(`${name} is missing; tools/real-env.sh installs it`)
  return `needs ${name}; tools/real-env.sh installs it`
}

/**
 * The Python of the project's own environment, with the packages of python/requirements-test.txt.
 */
export const PYTHON: string =
  process.env.TOCSIN_PYTHON ?? join(REPOSITORY, 'node_modules/.cache/tocsin/venv/bin/python')

export function needPython(): false | string {
  if (existsSync(PYTHON)) return false
  if (process.env.CI === 'true')
    throw new Error('the Python environment is missing: tools/real-env.sh')
  return 'needs the Python environment; tools/real-env.sh makes it'
}
