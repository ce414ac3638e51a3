import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { buildViews } from './views.ts'

it('a reader keeps what it began with, and nothing that is read is given up', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('read' as const, 'replace' as const), { maxLength: 16 }),
      async (scheduler, wishes) => {
        const views = buildViews(0)
        const givenUp: number[] = []
        let newest = 0
        let writing: Promise<void> = Promise.resolve()
        const read = () =>
          views.read(async view => {
            await scheduler.schedule(Promise.resolve())
            assert.ok(!givenUp.includes(view), `${view} was given up while it was read`)
          })
        const replace = () => {
          writing = writing.then(async () => {
            const before = newest
            newest += 1
            await views.replace(newest, async () => {
              await scheduler.schedule(Promise.resolve())
              givenUp.push(before)
            })
          })
          return writing
        }
        const all = wishes.map(wish => (wish === 'read' ? read() : replace()))
        await scheduler.waitFor(Promise.all(all))
        await scheduler.waitFor(views.idle())
        assert.deepEqual(
          givenUp,
          Array.from({ length: newest }, (_, i) => i),
          'each once, in their order, and all of them in the end',
        )
      },
    ),
  )
})

it('a slow reader holds up no other, and a writer only when many views wait for it', async () => {
  const views = buildViews('a')
  const slow = Promise.withResolvers<void>()
  const reading = views.read(() => slow.promise)
  const givenUp: string[] = []
  const replace = (next: string, last: string) =>
    views.replace(next, async () => {
      givenUp.push(last)
    })
  await replace('b', 'a')
  assert.equal(await views.read(async view => view), 'b')
  await replace('c', 'b')
  assert.equal(await views.read(async view => view), 'c')
  let isDone = false
  const third = replace('d', 'c').then(() => {
    isDone = true
  })
  assert.equal(await views.read(async view => view), 'd', 'readers go on meanwhile')
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(isDone, false)
  assert.deepEqual(givenUp, [])
  slow.resolve()
  await Promise.all([reading, third])
  assert.deepEqual(givenUp, ['a', 'b', 'c'])
})

it('a reader that fails lets go', async () => {
  const views = buildViews(1)
  await assert.rejects(
    views.read(async () => {
      throw new Error('no')
    }),
  )
  let isGivenUp = false
  await views.replace(2, async () => {
    isGivenUp = true
  })
  assert.ok(isGivenUp)
})
