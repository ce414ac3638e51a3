import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refusalOf } from './refusal.ts'

const problem = (code: string, message = 'this went wrong') => ({
  code,
  message,
  title: 'Title of the table',
  help: 'Do this.',
})

describe('why signing in did not work', () => {
  it('says what to do about a used link, and what is wrong with a key', () => {
    assert.match(refusalOf(problem('auth.link')).text, /used already, is older than 15 minutes/)
    assert.equal(refusalOf(problem('auth.link')).needsLink, true)
    assert.match(refusalOf(problem('auth.invalid')).text, /mistyped, or it was revoked/)
    assert.match(refusalOf(problem('auth.too_many')).text, /Wait a minute/)
  })

  it('names the right that a key lacks', () => {
    const told = 'this key has the scopes ingest; to sign in it needs read'
    const { text } = refusalOf(problem('auth.scope', told))
    assert.match(text, /^This key has the scopes ingest; to sign in it needs read\. Ask/)
  })

  it("gives the server's own words for anything else", () => {
    assert.deepEqual(refusalOf(problem('internal.bug')), {
      title: 'Title of the table',
      text: 'This went wrong. Do this.',
      needsLink: false,
    })
  })
})
