// At the very first start nothing tells a followed file that was just rotated from those of earlier
// days. So a server listens only when it has looked: who rotates after that loses nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Live } from './live.ts'

const STARTS = 2
const ARRIVE_MS_MAX = 30_000

function line(minute: number): string {
  const time = `24/Nov/2026:08:0${minute}:00 +0000`
  return `192.0.2.7 - alice [${time}] "POST /v1/chat/completions HTTP/1.1" 200 812 "-" "curl/8"\n`
}

describe('a file that is rotated as soon as the server listens', () => {
  for (let start = 1; start <= STARTS; start++) {
    it(`is followed to its end, start ${start}`, async () => {
      const live = await Live.create()
      try {
        const path = join(live.home, 'access.log')
        writeFileSync(path, line(1))
        const started = live.start(['--follow', `combined:${path}`])
        // The kernel takes connections before the server has answered any.
        while (!(await isOpen(live.port))) await setTimeout(1)
        appendFileSync(path, line(2))
        renameSync(path, `${path}.1`)
        writeFileSync(path, line(3))
        await started
        const until = Date.now() + ARRIVE_MS_MAX
        while ((await count(live)) < 3 && Date.now() < until) await setTimeout(200)
        assert.equal(await count(live), 3)
      } finally {
        await live.remove()
      }
    })
  }
})

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function count(live: Live): Promise<number> {
  const args = ['summary', live.data, '--query', 'actor.id:alice', '--from', '2020-01-01T00:00Z']
  const { out } = await live.tocsin([...args, '--json'])
  return parseGroups(out)[0]?.requests ?? 0
}

function parseGroups(text: string): readonly { readonly requests: number }[] {
  return JSON.parse(text).groups
}
