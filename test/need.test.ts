import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { needData, needProgram } from './need.ts'

describe('what a suite needs', () => {
  const before = process.env.CI
  beforeEach(() => {
    delete process.env.CI
  })
  afterEach(() => {
    if (before === undefined) delete process.env.CI
    else process.env.CI = before
  })

  it('a program on PATH is there', () => {
    assert.equal(needProgram('sh'), false)
  })

  it('a missing program is a reason to skip for a person and a failure on CI', () => {
    assert.match(String(needProgram('no-such-program')), /^needs no-such-program; tools\/real-env/)
    process.env.CI = 'true'
    assert.throws(() => needProgram('no-such-program'), /this suite needs no-such-program/)
  })

  it('a name is no command', () => {
    assert.match(String(needProgram('sh; exit 0')), /^needs sh; exit 0/)
    assert.match(String(needProgram('')), /^needs/)
  })

  it('missing data is a reason to skip, on CI too', () => {
    process.env.CI = 'true'
    assert.equal(needData('nowhere/x.log'), 'needs the shared test data nowhere/x.log')
  })
})
