import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvOf } from './csv.ts'

describe('csv', () => {
  it('quotes what RFC 4180 says, and ends every line', () => {
    const csv = csvOf({
      head: ['a', 'b'],
      rows: [
        ['x,y', 'say "no"'],
        ['two\nlines', null],
      ],
    })
    assert.equal(csv, 'a,b\r\n"x,y","say ""no"""\r\n"two\nlines",\r\n')
  })

  it('no cell is a formula, and numbers stay numbers', () => {
    const cells = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', '=HYPERLINK("http://evil")']
    for (const cell of cells) {
      const [, line = ''] = csvOf({ head: ['h'], rows: [[cell]] }).split('h\r\n')
      assert.match(line, /^"?'/, JSON.stringify(cell))
    }
    assert.equal(csvOf({ head: ['n'], rows: [[-4.5]] }), 'n\r\n-4.5\r\n')
  })
})
