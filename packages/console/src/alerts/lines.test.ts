import assert from 'node:assert/strict'
import { it } from 'node:test'
import { alertsIn, groupingOf, linesOf, type Placed } from './lines.ts'

const alert = (id: string, entity: string, title = 'T'): Placed => ({
  id,
  title,
  entity: { type: 'actor', id: entity },
})

const shown = (pages: readonly (readonly Placed[])[], grouping: 'entity' | 'rule' | 'none') =>
  linesOf(pages, grouping).map(line =>
    line.kind === 'alert' ? line.alert.id : `${line.isContinued ? '+' : '#'}${line.count}`,
  )

it('groups stand in the order of their newest alert', () => {
  const page = [alert('1', 'a'), alert('2', 'b', 'U'), alert('3', 'a')]
  assert.deepEqual(shown([page], 'entity'), ['#2', '1', '3', '#1', '2'])
  assert.deepEqual(shown([page], 'rule'), ['#2', '1', '3', '#1', '2'])
  assert.deepEqual(shown([page], 'none'), ['1', '2', '3'])
})

it('a later page moves nothing that is there', () => {
  const first = [alert('1', 'a'), alert('2', 'b')]
  const before = shown([first], 'entity')
  const after = shown([first, [alert('3', 'a'), alert('4', 'c')]], 'entity')
  assert.deepEqual(after.slice(0, before.length), before)
  assert.deepEqual(after.slice(before.length), ['+1', '3', '#1', '4'])
})

it('entities of two types with one name are two', () => {
  const other = { ...alert('2', 'a'), entity: { type: 'source', id: 'a' } }
  assert.deepEqual(shown([[alert('1', 'a'), other]], 'entity'), ['#1', '1', '#1', '2'])
})

it('an alert that two pages have stands once, and every alert has its place', () => {
  const pages = [[alert('1', 'a'), alert('2', 'b')], [alert('2', 'b'), alert('3', 'a')], []]
  for (const grouping of ['entity', 'rule', 'none'] as const) {
    const ids = alertsIn(linesOf(pages, grouping)).map(({ id }) => id)
    assert.deepEqual(ids.toSorted(), ['1', '2', '3'])
  }
  assert.deepEqual(linesOf([], 'entity'), [])
})

it('an unknown grouping of an address is the usual one', () => {
  assert.equal(groupingOf('rule'), 'rule')
  assert.equal(groupingOf('x'), 'entity')
  assert.equal(groupingOf(undefined), 'entity')
})
