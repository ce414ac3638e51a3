import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  columnsOf,
  DEFAULT_COLUMNS,
  DEFAULT_SORT,
  OPEN_FIELDS,
  openFieldsOf,
  printColumns,
  printOpenFields,
  sortOf,
  withColumnMoved,
  withColumnToggled,
} from './view.ts'

describe('columns in the address', () => {
  it('are known fields, each once, in their order', () => {
    assert.deepEqual(columnsOf({}), DEFAULT_COLUMNS)
    assert.deepEqual(columnsOf({ cols: 'rows,time,rows,user_id,<script>,target' }), [
      'rows',
      'time',
      'actor.id',
      'target',
    ])
    assert.deepEqual(columnsOf({ cols: 'nothing,known' }), DEFAULT_COLUMNS)
    assert.deepEqual(columnsOf({ cols: '' }), DEFAULT_COLUMNS)
    assert.deepEqual(columnsOf({ cols: 'constructor,__proto__' }), DEFAULT_COLUMNS)
  })

  it('come back from what is printed', () => {
    const columns = ['time', 'target', 'usage.out']
    assert.deepEqual(columnsOf({ cols: printColumns(columns) ?? '' }), columns)
    assert.equal(printColumns(DEFAULT_COLUMNS), null)
    assert.equal(printColumns([]), null)
  })

  it('are moved within their bounds', () => {
    const columns = ['a', 'b', 'c']
    assert.deepEqual(withColumnMoved(columns, 'a', 1), ['b', 'a', 'c'])
    assert.deepEqual(withColumnMoved(columns, 'c', -1), ['a', 'c', 'b'])
    assert.deepEqual(withColumnMoved(columns, 'a', -1), columns)
    assert.deepEqual(withColumnMoved(columns, 'c', 1), columns)
    assert.deepEqual(withColumnMoved(columns, 'd', 1), columns)
    assert.deepEqual(withColumnToggled(columns, 'b'), ['a', 'c'])
    assert.deepEqual(withColumnToggled(columns, 'd'), ['a', 'b', 'c', 'd'])
  })
})

describe('the order in the address', () => {
  it('is by something that has an order', () => {
    assert.equal(sortOf({ sort: '-rows' }), '-rows')
    assert.equal(sortOf({ sort: 'time' }), 'time')
    assert.equal(sortOf({ sort: 'durationMs' }), 'durationMs')
    for (const sort of ['actor.id', '--rows', 'resource.id', 'nothing', '-', '', 'rows;drop']) {
      assert.equal(sortOf({ sort }), DEFAULT_SORT, sort)
    }
  })
})

describe('open fields in the address', () => {
  it('are fields with values to count; none can be chosen, too', () => {
    assert.deepEqual(openFieldsOf({}), OPEN_FIELDS)
    assert.deepEqual(openFieldsOf({ open: 'none' }), [])
    assert.deepEqual(openFieldsOf({ open: 'status,time,ext,status,x' }), ['status'])
    assert.equal(printOpenFields([]), 'none')
    assert.equal(printOpenFields([...OPEN_FIELDS].reverse()), null)
    assert.equal(printOpenFields(['status', 'kind']), 'status,kind')
  })
})
