import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { buildLanes } from './lanes.ts'

it('no more run than may, each comes to its turn, and a failure frees its lane', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(
        fc.record({
          pace: fc.constantFrom('quick' as const, 'whole' as const),
          fails: fc.boolean(),
        }),
        { maxLength: 20 },
      ),
      async (scheduler, steps) => {
        const lanes = buildLanes({ all: 3, whole: 2 })
        const running = { quick: 0, whole: 0 }
        let done = 0
        const all = steps.map(({ pace, fails }) =>
          lanes
            .run(pace, async () => {
              running[pace] += 1
              assert.ok(running.quick + running.whole <= 3 && running.whole <= 2)
              await scheduler.schedule(Promise.resolve())
              running[pace] -= 1
              done += 1
              if (fails) throw new Error('no')
            })
            .catch(() => undefined),
        )
        await scheduler.waitFor(Promise.all(all))
        assert.equal(done, steps.length)
      },
    ),
  )
})

it('a quick step overtakes whole ones that wait, and runs beside those that run', async () => {
  const lanes = buildLanes({ all: 3, whole: 2 })
  const order: string[] = []
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
  const whole = gates.map(({ promise }, i) =>
    lanes.run('whole', async () => {
      await promise
      order.push(`whole ${i}`)
    }),
  )
  await lanes.run('quick', async () => {
    order.push('quick')
  })
  assert.deepEqual(order, ['quick'])
  for (const { resolve } of gates) resolve()
  await Promise.all(whole)
  assert.deepEqual(order, ['quick', 'whole 0', 'whole 1', 'whole 2'])
})
