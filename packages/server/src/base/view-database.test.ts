import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { createTelemetry } from './emit.ts'
import { openViewDatabase } from './view-database.ts'

const directory = mkdtempSync(join(tmpdir(), 'tocsin-view-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const schema = 'CREATE TABLE IF NOT EXISTS a (n INTEGER PRIMARY KEY) STRICT'
let next = 0

function open(path: string = join(directory, `${next++}.sqlite`)) {
  const said: string[] = []
  const telemetry = createTelemetry((_, sentence) => said.push(sentence))
  const view = openViewDatabase({ path, schema, what: 'numbers', telemetry, isDurable: true })
  return { path, said, view }
}

describe('a view', () => {
  it('keeps what it was told', () => {
    const { path, view, said } = open()
    view.change('INSERT INTO a VALUES (?)', 7)
    view.close()
    const again = open(path)
    assert.deepEqual(
      again.view.rows('SELECT n FROM a').map(({ n }) => n),
      [7],
    )
    again.view.close()
    assert.deepEqual([...said, ...again.said], [])
  })

  it('that is damaged is made anew, without a word', () => {
    const { path, view } = open()
    view.close()
    writeFileSync(path, 'x'.repeat(9000))
    const again = open(path)
    again.view.change('INSERT INTO a VALUES (1)')
    assert.equal(again.view.rows('SELECT n FROM a').length, 1)
    assert.deepEqual(again.said, [])
    again.view.close()
  })

  it('that cannot be had at all does nothing, and says so once', () => {
    const path = join(directory, 'taken')
    mkdirSync(path)
    const { view, said } = open(path)
    view.change('INSERT INTO a VALUES (1)')
    assert.deepEqual(view.rows('SELECT n FROM a'), [])
    view.close()
    assert.equal(said.length, 1)
    assert.match(String(said[0]), /numbers are not kept over a restart/)
  })

  it('that cannot be written is given up whole: what was taken back must not come again', () => {
    const { path, view, said } = open()
    view.change('INSERT INTO a VALUES (1)')
    const other = new DatabaseSync(path)
    other.exec('BEGIN EXCLUSIVE')
    view.change('DELETE FROM a')
    other.exec('ROLLBACK')
    other.close()
    assert.equal(existsSync(path), false)
    assert.equal(said.length, 1)
    view.change('INSERT INTO a VALUES (2)')
    assert.deepEqual(view.rows('SELECT n FROM a'), [])
    view.close()
    view.close()
  })
})
