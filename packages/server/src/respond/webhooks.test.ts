// Webhooks against a real receiver on this machine: signed, tried again, never doubled, never lost.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { after, describe, it } from 'node:test'
import {
  found,
  NIGHT_MS,
  openRespondRig,
  policyOf,
  type RespondRig,
  readerOf,
} from './respond-rig.ts'

const KEY = Buffer.alloc(32, 7)
const SECRET = `whsec_${KEY.toString('base64')}`

type Received = {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

type Receiver = {
  readonly url: string
  readonly received: Received[]
  /** Status of the answer; 0 ends the connection instead. */
  status: number
}

const servers: Server[] = []
after(() => {
  for (const server of servers) server.close()
})

async function receiver(): Promise<Receiver> {
  const state = { url: '', received: [] as Received[], status: 204 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', part => {
      body += part
    })
    request.on('end', () => {
      state.received.push({ headers: request.headers, body, path: request.url ?? '' })
      if (state.status === 0) request.socket.destroy()
      else response.writeHead(state.status, { location: '/elsewhere' }).end('x'.repeat(100_000))
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  state.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`
  return state
}

function rigOf(
  hooks: readonly string[],
  options: Parameters<typeof openRespondRig>[1] = {},
): RespondRig {
  return openRespondRig(policyOf('then: deny', `webhooks:\n${hooks.join('')}`), {
    fetch: globalThis.fetch,
    secret: name => ({ HOOK: SECRET })[name],
    ...options,
  })
}

const hook = (url: string, more = '') =>
  `  - { url: "${url}", secretEnv: HOOK, allowPrivate: yes${more} }\n`

describe('a message', () => {
  it('is signed as Standard Webhooks has it, over exactly what is sent', async () => {
    const to = await receiver()
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found({ sentence: 'Grüße, 48 000 Zeilen' }))
    await rig.responder.deliver()
    assert.equal(to.received.length, 1)
    const { headers, body } = to.received[0] ?? assert.fail()
    const id = String(headers['webhook-id'])
    const seconds = String(headers['webhook-timestamp'])
    assert.equal(seconds, String(NIGHT_MS / 1000))
    const mac = createHmac('sha256', KEY).update(`${id}.${seconds}.${body}`).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${mac}`)
    const { type, timestamp, data } = JSON.parse(body)
    assert.equal(type, 'tocsin.response.taken')
    assert.equal(timestamp, new Date(NIGHT_MS).toISOString())
    assert.equal(data.measure.actor, 'svc-feast-nightly')
    assert.equal(data.measure.reason, 'Grüße, 48 000 Zeilen')
  })

  it('goes only to those that want it', async () => {
    const [all, undone] = [await receiver(), await receiver()]
    const rig = rigOf([hook(all.url), hook(undone.url, ', events: [undone]')])
    await rig.responder.onFinding(found())
    const [one] = rig.responder.list()
    await rig.responder.undo(one?.id ?? '', 'bob', 'known')
    await rig.responder.deliver()
    await rig.responder.deliver()
    const types = (to: Receiver) =>
      to.received.map(({ body }) => JSON.parse(body).data.change.action)
    assert.deepEqual([types(all), types(undone)], [['taken', 'undone'], ['undone']])
  })

  it('is not sent where a redirect points', async () => {
    const to = await receiver()
    to.status = 307
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found())
    await rig.responder.deliver()
    assert.deepEqual(
      to.received.map(({ path }) => path),
      ['/hook'],
    )
  })
})

describe('a receiver', () => {
  it('that is away for hours loses nothing, gets the oldest first and each under one id', async () => {
    const to = await receiver()
    to.status = 0
    let rig = rigOf([hook(to.url)])
    for (let i = 0; i < 5; i++) {
      await rig.responder.onFinding(found({ timeMs: rig.nowMs }, { id: `svc-${i}` }))
      await rig.responder.deliver()
      rig.nowMs += 1000
    }
    for (let minutes = 0; minutes < 120; minutes += 2) {
      rig.nowMs += 120_000
      if (minutes === 60) {
        rig = await rig.restart()
      }
      await rig.responder.deliver()
    }
    const tries = to.received.length
    assert.ok(tries >= 8 && tries < 20, `it is not hammered: ${tries}`)
    to.status = 200
    rig.nowMs += 1_800_000
    await rig.responder.deliver()
    const taken = to.received.slice(tries)
    assert.deepEqual(
      taken.map(({ body }) => JSON.parse(body).data.measure.actor),
      ['svc-0', 'svc-1', 'svc-2', 'svc-3', 'svc-4'],
    )
    const ids = taken.map(({ headers }) => headers['webhook-id'])
    assert.equal(new Set(ids).size, 5)
    assert.equal(to.received[0]?.headers['webhook-id'], ids[0], 'the same id at every try')
    await rig.responder.deliver()
    assert.equal(to.received.length, tries + 5)
    assert.deepEqual(rig.responder.deadLetters(), [])
  })

  it('that refuses one message gets the others, and the dead one again when asked for', async () => {
    const to = await receiver()
    to.status = 422
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found({}, { id: 'svc-bad' }))
    for (let i = 0; i < 3; i++) {
      await rig.responder.deliver()
      rig.nowMs += 600_000
    }
    const [dead] = rig.responder.deadLetters()
    assert.deepEqual([dead?.reason, dead?.attempts], ['the receiver answered 422', 3])
    assert.match(rig.reports.join(), /did not take msg_/)
    to.status = 200
    await rig.responder.onFinding(found({ timeMs: rig.nowMs }, { id: 'svc-good' }))
    await rig.responder.deliver()
    rig.responder.redeliver(dead?.id ?? '')
    await rig.responder.deliver()
    const actors = to.received.map(({ body }) => JSON.parse(body).data.measure.actor)
    assert.deepEqual(actors.slice(-2), ['svc-good', 'svc-bad'])
    assert.deepEqual(rig.responder.deadLetters(), [])
    assert.throws(() => rig.responder.redeliver(dead?.id ?? ''), { code: 'webhook.unknown' })
  })

  it('that answers 410 is not asked again', async () => {
    const to = await receiver()
    to.status = 410
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found())
    await rig.responder.deliver()
    rig.nowMs += 86_400_000
    await rig.responder.deliver()
    assert.equal(to.received.length, 1)
    assert.match(rig.responder.deadLetters()[0]?.reason ?? '', /410/)
  })

  it('that never comes back has its messages among the dead after more than a day', async () => {
    const to = await receiver()
    to.status = 503
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found())
    for (let hours = 0; hours < 29; hours++) {
      await rig.responder.deliver()
      assert.deepEqual(rig.responder.deadLetters(), [], `${hours} h`)
      rig.nowMs += 3_600_000
    }
    rig.nowMs += 3_600_000 * 2
    await rig.responder.deliver()
    assert.equal(rig.responder.deadLetters().length, 1)
  })

  it('does not hold up another one', async () => {
    const [away, here] = [await receiver(), await receiver()]
    away.status = 0
    const rig = rigOf([hook(away.url), hook(here.url)])
    for (let i = 0; i < 3; i++) await rig.responder.onFinding(found({}, { id: `svc-${i}` }))
    await rig.responder.deliver()
    await rig.responder.deliver()
    assert.deepEqual([away.received.length, here.received.length], [1, 3])
  })

  it('hears nothing twice when the view of the log is lost, and nothing that is long past', async () => {
    const to = await receiver()
    const rig = rigOf([hook(to.url)])
    await rig.responder.onFinding(found())
    await rig.responder.deliver()
    const rebuilt = await rig.rebuild()
    await rebuilt.responder.deliver()
    assert.equal(to.received.length, 1)
    const late = rigOf([hook(to.url)], { nowMs: NIGHT_MS + 25 * 3_600_000 })
    late.responder.replay(readerOf(rig.events), rig.events.length)
    await late.responder.deliver()
    assert.equal(to.received.length, 1)
  })
})

describe('a secret', () => {
  it('that is missing or none is refused at the start, by name and never by value', () => {
    for (const value of [
      undefined,
      '',
      'secret',
      'whsec_',
      'whsec_c2hvcnQ=',
      `whsec_${'A'.repeat(200)}`,
    ]) {
      assert.throws(
        () => rigOf([hook('https://a.example')], { secret: () => value }),
        (error: Error) =>
          /variable HOOK .*must be whsec_/.test(error.message) &&
          !(value && error.message.includes(`"${value}"`)),
      )
    }
  })
})
