import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Outcome, renderEnd, renderOutcome } from './outcome.ts'

const NOTHING: Outcome = { file: 'a', passed: 0, failures: [], skips: [], notes: [], ms: 1234 }

it('a failure is shown as far as a person reads', () => {
  const failing = (text: string) => renderOutcome({ ...NOTHING, failures: [{ name: 'b', text }] })
  assert.match(failing('short\n  second'), /FAILED b\n {4}short\n {6}second\n/)
  const wide = failing(`${'x'.repeat(100_000)}\nlast`)
  assert.ok(wide.length < 1000)
  assert.match(wide, /… \(99600 characters more\)\n {4}last/)
  const long = failing('y\n'.repeat(5000))
  assert.ok(long.length < 5000)
  assert.match(long, /… \(4601 lines more\)/)
})

it('the end names each skipped test once, by reason', () => {
  const skips = [
    { name: 'c', why: 'needs go' },
    { name: 'd', why: 'needs go' },
  ]
  const end = renderEnd([
    { ...NOTHING, skips },
    { ...NOTHING, file: 'b', passed: 2 },
  ])
  assert.equal(end, '\nSkipped:\n  needs go:\n    a: c\n    a: d\n\n2 passed, 0 failed, 2 skipped')
})
