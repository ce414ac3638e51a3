// The guides, executed against the real programs they name.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runGuide } from '../guide.ts'
import { needProgram, needPython } from '../need.ts'

describe('guides', () => {
  it('FastAPI and Flask', { skip: needPython() || needProgram('curl') }, async () => {
    assert.equal(await runGuide('fastapi-and-flask.md'), 25)
  })

  it('decisions enforced in Python', { skip: needPython() || needProgram('curl') }, async () => {
    assert.equal(await runGuide('enforcing-decisions.md'), 27)
  })

  it('a copied dataset, from logs to a decision', {
    skip: needPython() || needProgram('curl'),
  }, async () => {
    assert.equal(await runGuide('exfiltration.md'), 22)
  })

  it('signing in', { skip: needProgram('curl') }, async () => {
    assert.equal(await runGuide('signing-in.md'), 8)
  })

  it('nginx in front of a model server', {
    skip: needProgram('nginx') || needProgram('curl'),
  }, async () => {
    assert.equal(await runGuide('nginx-model-server.md'), 14)
  })
})
