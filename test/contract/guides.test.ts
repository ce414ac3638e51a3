import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { AUDIT_FIELDS } from '../../packages/server/src/capture/audit-ready.ts'
import { blocksOf, compare, guidePath, runGuide } from '../guide.ts'

const ASKERS = ['devops', 'analyst', 'auditor'] as const

describe('the guide to an audit-ready schema', () => {
  it('runs', async () => {
    assert.equal(await runGuide('audit-ready-schema.md'), 3)
  })

  it('has the questions that capture knows', () => {
    const path = guidePath('audit-ready-schema.md')
    const page = readFileSync(path, 'utf8')
    const head =
      '| tells | field | devops asks | analyst asks | auditor asks |\n|---|---|---|---|---|\n'
    const rows = AUDIT_FIELDS.map(({ aspect, path: field, questions }) => {
      const asked = ASKERS.map(a => questions.find(q => q.asker === a)?.question ?? '')
      return `| ${aspect} | \`${field}\` | ${asked.join(' | ')} |\n`
    })
    const marks = /(?<=<!-- audit fields -->\n)[\s\S]*?(?=<!-- end -->)/
    const wanted = page.replace(marks, (head + rows.join('')).replaceAll('$', '$$$$'))
    if (process.env.UPDATE === '1') writeFileSync(path, wanted)
    assert.equal(page, wanted)
  })
})

describe('the runner of guides', () => {
  it('finds blocks, and sees an output that differs', () => {
    const page = 'a\n```sh run\nls\n```\n```text output\nx …\n  y\n```\n'
    assert.deepEqual(
      blocksOf(page).map(b => [b.info, b.text, b.line]),
      [
        ['sh run', 'ls', 2],
        ['text output', 'x …\n  y', 5],
      ],
    )
    compare('x 1 2\ny\n', 'x …\n  y', 'here')
    assert.throws(() => compare('x 1 2\nz\n', 'x …\n  y', 'here'), /here: the page shows/)
  })
})
