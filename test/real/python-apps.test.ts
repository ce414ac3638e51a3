// FastAPI under uvicorn and Flask under gunicorn record into a real Tocsin that is killed in the
// middle of their traffic, stays away while they are restarted, and comes back. Every request was
// answered, and every one of them is one event.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { needPython, PYTHON, REPOSITORY } from '../need.ts'
import { endProcess, freePort, Live, untilAnswers } from './live.ts'

const REQUESTS = 80
const REQUESTS_AT_ONCE = 4
const ARRIVE_MS_MAX = 90_000
/** Long enough for an event that was sent twice to arrive twice. */
const LATE_MS = 2000

type App = { readonly name: string; readonly command: (port: number) => readonly string[] }

const APPS: readonly App[] = [
  {
    name: 'FastAPI under uvicorn',
    command: port => ['uvicorn', 'fast_app:app', '--port', String(port)],
  },
  {
    name: 'Flask under gunicorn with two workers',
    command: port => ['gunicorn', 'flask_app:app', '--workers', '2', '--bind', `127.0.0.1:${port}`],
  },
]

for (const app of APPS) {
  describe(app.name, { skip: needPython() }, () => {
    let live: Live
    let key: string
    let port: number
    let running: ChildProcess | null = null
    const sent: string[] = []

    before(async () => {
      live = await Live.create()
      key = await live.key('ingest,attest,read')
      port = await freePort()
    })
    after(async () => {
      if (running) await endProcess(running, 'SIGTERM')
      await live?.remove()
    })

    async function startApp(): Promise<void> {
      running = spawn(PYTHON, ['-m', ...app.command(port)], {
        cwd: join(REPOSITORY, 'test/real/python-apps'),
        stdio: 'ignore',
        env: {
          ...process.env,
          PYTHONPATH: join(REPOSITORY, 'python'),
          PYTHONDONTWRITEBYTECODE: '1',
          TOCSIN_URL: live.url,
          TOCSIN_API_KEY: key,
          TOCSIN_SPOOL: join(live.home, 'spool'),
        },
      })
      await untilAnswers(`http://127.0.0.1:${port}/ready`)
    }

    async function restartApp(): Promise<void> {
      if (running) await endProcess(running, 'SIGTERM')
      await startApp()
    }

    async function call(): Promise<void> {
      const workers = Array.from({ length: REQUESTS_AT_ONCE }, async () => {
        for (let i = 0; i < REQUESTS / REQUESTS_AT_ONCE; i++) {
          const id = crypto.randomUUID()
          const answer = await fetch(`http://127.0.0.1:${port}/predict`, {
            method: 'POST',
            body: id,
            headers: { Authorization: 'Bearer key-of-alice', 'X-Request-Id': id },
          })
          assert.equal(answer.status, 200, await answer.text())
          sent.push(id)
        }
      })
      await Promise.all(workers)
    }

    it('loses and doubles nothing while Tocsin is killed, away, and back', async () => {
      await live.start()
      await startApp()
      await call()
      const duringKill = call()
      await setTimeout(50)
      await live.kill()
      await duringKill
      await call()
      await restartApp()
      await call()
      await live.start()
      await call()
      assert.equal(sent.length, 5 * REQUESTS)

      const until = Date.now() + ARRIVE_MS_MAX
      while ((await requestIds(live, key)).length < sent.length && Date.now() < until) {
        await setTimeout(300)
      }
      await setTimeout(LATE_MS)
      assert.deepEqual([...(await requestIds(live, key))].sort(), sent.sort())
    })

    it('leaves a record that names the caller and can be proved', async () => {
      const summary = await live.tocsin([
        'summary',
        live.data,
        '--query',
        'system:python-app',
        '--json',
      ])
      assert.equal(summary.code, 0, summary.err)
      const groups = parseGroups(summary.out).map(g => [g.group[0], g.requests, g.failures])
      assert.deepEqual(groups, [['alice', sent.length, 0]])
      await live.stop()
      const { code, out, err } = await live.tocsin(['verify', live.data])
      assert.equal(code, 0, out + err)
    })
  })
}

async function requestIds(live: Live, key: string): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const next: string = cursor === null ? '' : `&cursor=${cursor}`
    const answer: Response = await fetch(
      `${live.url}/v1/events?q=system:python-app&limit=1000${next}`,
      { headers: { Authorization: `Bearer ${key}` } },
    )
    const page: Page = parsePage(await answer.text())
    for (const { requestId } of page.events) ids.push(requestId)
    cursor = page.next
  } while (cursor !== null)
  return ids
}

type Page = {
  readonly events: readonly { readonly requestId: string }[]
  readonly next: string | null
}

function parsePage(text: string): Page {
  return JSON.parse(text)
}

type Group = {
  readonly group: readonly string[]
  readonly requests: number
  readonly failures: number
}

function parseGroups(text: string): readonly Group[] {
  return JSON.parse(text).groups
}
