import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Path } from './asked.ts'
import { edgeKey, graphOf, linksOf, throughNode } from './graph.ts'

function path(more: Partial<Path>): Path {
  return {
    human: '',
    actor: 'svc-a',
    actorType: 'service',
    verified: 'gateway',
    claimed: '',
    credential: '',
    session: '',
    agent: '',
    tool: '',
    model: '',
    target: '',
    source: '',
    count: 1,
    rows: 10,
    bytesOut: 100,
    found: 0,
    ...more,
  }
}

const keys = (paths: readonly Path[], laneMax = 9) =>
  graphOf(paths, laneMax).lanes.map(({ name, nodes }) => [name, nodes.map(node => node.key)])

it('a person who acts for themselves is one link, and what is not there is none', () => {
  assert.deepEqual(
    linksOf(path({ human: 'anna', actor: 'anna', target: 'orders' })).map(({ value }) => value),
    ['anna', 'orders'],
  )
})

it('a model that was reached stands among models, not among data', () => {
  const links = linksOf(path({ model: 'gpt', target: 'gpt' })).map(({ lane }) => lane)
  assert.deepEqual(links, ['actor', 'model'])
  const both = linksOf(path({ model: 'gpt', target: 'orders' })).map(({ lane }) => lane)
  assert.deepEqual(both, ['actor', 'model', 'data'])
})

it('each name is one node, with the sums of its paths', () => {
  const { lanes, edges } = graphOf(
    [path({ target: 'a', count: 2, found: 1 }), path({ target: 'b', count: 3, rows: 5 })],
    9,
  )
  assert.deepEqual(lanes[0]?.nodes[0], {
    key: 'actor:svc-a',
    lane: 'actor',
    value: 'svc-a',
    folded: 0,
    isGap: false,
    verified: 'gateway',
    claimed: '',
    count: 5,
    rows: 15,
    found: 1,
  })
  assert.deepEqual(
    edges.map(({ from, to, count }) => [from, to, count]),
    [
      ['actor:svc-a', 'data:a', 2],
      ['actor:svc-a', 'data:b', 3],
    ],
  )
})

it('every edge joins two nodes that are there, and counts are kept, also when names are folded', () => {
  const paths = Array.from({ length: 60 }, (_, i) =>
    path({
      credential: `key-${i % 7}`,
      session: i % 3 === 0 ? '' : `s-${i}`,
      target: `t-${i}`,
      count: i + 1,
      found: i === 0 ? 1 : 0,
    }),
  )
  for (const laneMax of [1, 5, 9, 100]) {
    const { lanes, edges } = graphOf(paths, laneMax)
    const nodes = lanes.flatMap(lane => lane.nodes)
    const there = new Set(nodes.map(({ key }) => key))
    assert.equal(there.size, nodes.length)
    for (const { from, to } of edges) assert.ok(there.has(from) && there.has(to))
    assert.ok(lanes.every(lane => lane.nodes.filter(node => !node.isGap).length <= laneMax + 1))
    const lanesOf = new Map(lanes.flatMap((lane, i) => lane.nodes.map(({ key }) => [key, i])))
    for (const { from, to } of edges) {
      assert.equal((lanesOf.get(to) ?? 0) - (lanesOf.get(from) ?? 0), 1, 'a step skips no lane')
    }
    const data = lanes.at(-1)?.nodes ?? []
    assert.equal(
      data.reduce((sum, { count }) => sum + count, 0),
      (60 * 61) / 2,
    )
    assert.equal(
      data.reduce((sum, node) => sum + (node.folded || 1), 0),
      60,
    )
    assert.ok(there.has('data:t-0'), 'what a finding rests on is never folded first')
  }
})

it('nothing is folded where the fold would take as much place', () => {
  const paths = ['a', 'b', 'c'].map(target => path({ target }))
  assert.deepEqual(keys(paths, 2)[1], ['Data or endpoint', ['data:a', 'data:b', 'data:c']])
  assert.deepEqual(keys(paths, 1)[1], ['Data or endpoint', ['data:a', 'data …']])
})

it('who passes a lane has an empty place in it, and begins and ends with a name', () => {
  const paths = [
    path({ session: 's', model: 'm', target: 'm' }),
    path({ target: 'orders' }),
    path({ human: 'anna', session: 's', target: 'orders' }),
  ]
  const { lanes, trails } = graphOf(paths, 9)
  assert.deepEqual(
    lanes.map(({ name, nodes }) => [name, nodes.map(node => node.key).sort()]),
    [
      ['Person', ['human:anna']],
      ['Account', ['actor:svc-a']],
      ['Session', ['session -', 'session:s']],
      ['Model', ['model -', 'model:m']],
      ['Data or endpoint', ['data:orders']],
    ],
  )
  assert.deepEqual(trails[0], ['actor:svc-a', 'session:s', 'model:m'])
})

it('a chosen name lights the paths through it and no others', () => {
  const paths = [path({ credential: 'k', target: 'a' }), path({ credential: 'l', target: 'b' })]
  const graph = graphOf(paths, 9)
  assert.deepEqual(
    throughNode(graph, 'data:a'),
    new Set([
      'actor:svc-a',
      'credential:k',
      edgeKey('actor:svc-a', 'credential:k'),
      'data:a',
      edgeKey('credential:k', 'data:a'),
    ]),
  )
  assert.equal(throughNode(graph, 'data:none').size, 0)
  const folded = graphOf(paths, 0)
  assert.ok(throughNode(folded, 'data …').has('actor:svc-a'))
})

it('hostile names make no false node', () => {
  const { lanes } = graphOf([path({ actor: 'data:x', target: 'x' }), path({ actor: 'data …' })], 9)
  assert.deepEqual(
    lanes.flatMap(({ nodes }) => nodes.map(({ lane, value }) => [lane, value])),
    [
      ['actor', 'data:x'],
      ['actor', 'data …'],
      ['data', 'x'],
    ],
  )
})
