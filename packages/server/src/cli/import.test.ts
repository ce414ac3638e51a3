// What `tocsin import` puts into the log.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { importFile } from './import.ts'
import type { Io } from './io.ts'
import { readDirectoryEvents } from './read-directory.ts'

const directory = mkdtempSync(join(tmpdir(), 'tocsin-import-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const FIRST_MS = Date.UTC(2026, 9, 1)
/** Several pieces for several threads. */
const LINES = 6000
/** Lines in the middle take longer to prepare than those behind them. */
const LONG = 'x'.repeat(900)

function line(at: number): string {
  const agent = at % 2000 < 1000 ? LONG : 'short'
  const fields = { msec: `${(FIRST_MS + at * 1000) / 1000}`, method: 'POST', uri: '/predict' }
  return JSON.stringify({ ...fields, remote_user: 'crm', status: '200', user_agent: agent })
}

describe('tocsin import', () => {
  it('keeps the order of the lines, since detectors read the log in its order', async () => {
    const file = join(directory, 'access.json')
    const data = join(directory, 'data')
    const text = Array.from({ length: LINES }, (_, at) => `${line(at)}\n`).join('')
    writeFileSync(file, text)
    const said: string[] = []
    const io: Io = {
      env: { XDG_STATE_HOME: directory },
      out: part => said.push(part),
      say: part => said.push(part),
      isTerminal: false,
      width: 100,
    }
    assert.equal(await importFile(file, { format: 'nginx-json', data }, io), 0, said.join(''))
    const times: number[] = []
    for await (const event of readDirectoryEvents(data)) {
      if (!event.kind.startsWith('tocsin.')) times.push(event.time)
    }
    assert.equal(times.length, LINES)
    assert.deepEqual(
      times.filter((time, at) => time !== FIRST_MS + at * 1000),
      [],
    )
  })
})
