import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { buildTurns } from './turns.ts'

it('a change is alone, readers are together, and everybody gets a turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('read' as const, 'change' as const), { maxLength: 12 }),
      async (scheduler, wishes) => {
        const turns = buildTurns()
        let readers = 0
        let changers = 0
        let done = 0
        const all = wishes.map(wish =>
          turns[wish](async () => {
            if (wish === 'read') readers += 1
            else changers += 1
            assert.ok(changers === 0 || (changers === 1 && readers === 0))
            await scheduler.schedule(Promise.resolve())
            assert.ok(changers === 0 || (changers === 1 && readers === 0))
            if (wish === 'read') readers -= 1
            else changers -= 1
            done += 1
          }),
        )
        await scheduler.waitFor(Promise.all(all))
        assert.equal(done, wishes.length)
      },
    ),
  )
})

it('a step that fails gives its turn back', async () => {
  const turns = buildTurns()
  const fail = async () => {
    throw new Error('no')
  }
  await assert.rejects(turns.change(fail))
  await assert.rejects(turns.read(fail))
  assert.equal(await turns.change(async () => 1), 1)
  assert.equal(await turns.read(async () => 2), 2)
})
