import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { dataPath, needData, REPOSITORY } from '../../../../test/need.ts'
import { TAG_TITLES } from '../cli/tag-titles.ts'
import { readCasesOf, runCase } from './rule-cases.ts'
import { listRuleFiles, type Problem, readRuleDirectories } from './rule-files.ts'

const RULES = join(REPOSITORY, 'rules')
const unlisted: Problem[] = []
const FILES = listRuleFiles(RULES, unlisted)

describe('the rules of the product', () => {
  it('are right, also all together', () => {
    assert.deepEqual(unlisted, [])
    const { rules, problems } = readRuleDirectories([RULES])
    assert.deepEqual(
      problems.map(({ text }) => text),
      [],
    )
    assert.ok(rules.filter(({ findsByItself }) => findsByItself).length >= 25)
  })

  it('say what they find, when they are wrong, and where it stands in the catalogues', () => {
    for (const rule of readRuleDirectories([RULES]).rules) {
      assert.ok(rule.description.length > 20, `${rule.id} has no description`)
      if (!rule.findsByItself) continue
      assert.ok(rule.falsePositives.length > 0, `${rule.id} says of no false positive`)
      for (const catalogue of ['atlas.', 'aisvs.']) {
        const has = rule.tags.some(tag => tag.startsWith(catalogue))
        assert.ok(has, `${rule.id} has no ${catalogue}… tag`)
      }
      assert.ok(
        rule.tags.some(tag => /^(?:owasp|attack)/.test(tag)),
        `${rule.id} has no OWASP tag`,
      )
      for (const tag of rule.tags) assert.ok(Object.hasOwn(TAG_TITLES, tag), `${tag} has no title`)
    }
  })

  it('have ids of ATLAS that exist, by the titles that they have there', {
    skip: needData('atlas/ATLAS.yaml'),
  }, () => {
    const text = readFileSync(dataPath('atlas/ATLAS.yaml'), 'utf8')
    const names = new Map(
      [...text.matchAll(/- id: (AML\.T\d{4}(?:\.\d{3})?)\n\s+name: (.+)/g)].map(m => [m[1], m[2]]),
    )
    assert.ok(names.size > 100)
    const tags = readRuleDirectories([RULES]).rules.flatMap(({ tags }) => tags)
    const used = new Set(tags.filter(tag => tag.startsWith('atlas.')))
    assert.ok(used.size > 15)
    for (const tag of used) {
      const name = names.get(tag.replace('atlas.aml-t', 'AML.T'))
      assert.equal(TAG_TITLES[tag], name?.replace(/^['"]|['"]$/g, ''), tag)
    }
  })
})

for (const file of FILES) {
  describe(basename(file), () => {
    const { rules, cases, problems } = readCasesOf(file)

    it('has cases of both kinds, without a mistake', () => {
      assert.deepEqual(
        problems.map(({ text }) => text),
        [],
      )
    })

    for (const one of cases) {
      it(`${one.mustFind ? 'finds' : 'does not find'}: ${one.name}`, () => {
        const { isRight, says } = runCase(one, rules)
        assert.ok(isRight, `${one.file}:${one.line}: ${says}`)
      })
    }
  })
}
