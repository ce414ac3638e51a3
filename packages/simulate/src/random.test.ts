import assert from 'node:assert/strict'
import { it } from 'node:test'
import { randomOf } from './random.ts'

it('the same seed and words give the same stream; another seed or word another one', () => {
  const draw = (seed: number, ...words: readonly (string | number)[]) => {
    const random = randomOf(seed, ...words)
    return Array.from({ length: 20 }, () => random.hex(8)).join('')
  }
  assert.equal(draw(1, 'person', 7), draw(1, 'person', 7))
  const others = [draw(2, 'person', 7), draw(1, 'person', 8), draw(1, 'persona', 7), draw(1, 7)]
  assert.equal(new Set([draw(1, 'person', 7), ...others]).size, 5)
  assert.match(randomOf(1, 'hex').hex(33), /^[0-9a-f]{33}$/)
})

it('neighbouring days of one entity are not alike', () => {
  const first = Array.from({ length: 5000 }, (_, day) => randomOf(1, 'service', day).next())
  const mean = first.reduce((sum, x) => sum + x, 0) / first.length
  const lag = first.slice(1).reduce((sum, x, i) => sum + (x - 0.5) * ((first[i] ?? 0) - 0.5), 0)
  assert.ok(Math.abs(mean - 0.5) < 0.02, `mean ${mean}`)
  assert.ok(Math.abs(lag / first.length / (1 / 12)) < 0.06, `correlation ${lag}`)
})

it('random numbers have the distributions they are named for', () => {
  const random = randomOf(3, 'test')
  const mean = (draw: () => number) => {
    let sum = 0
    for (let i = 0; i < 20_000; i++) sum += draw()
    return sum / 20_000
  }
  assert.ok(Math.abs(mean(() => random.next()) - 0.5) < 0.01)
  assert.ok(Math.abs(mean(() => random.normal())) < 0.03)
  assert.ok(Math.abs(mean(() => random.poisson(3)) - 3) < 0.06)
  assert.ok(Math.abs(mean(() => random.poisson(80)) - 80) < 0.4)
  const weights = [
    [1, 0],
    [3, 1],
  ] as const
  assert.ok(Math.abs(mean(() => random.weighted(weights)) - 0.75) < 0.02)
  assert.ok(Math.abs(mean(() => Math.log(random.logNormal(10, 0.5))) - Math.log(10)) < 0.02)
})
