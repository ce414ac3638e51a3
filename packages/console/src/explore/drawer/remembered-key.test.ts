import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rememberedKey } from './remembered-key.ts'

const storage = (text: string | null) => ({ getItem: () => text })

describe('the remembered key of a log', () => {
  it('is that of the log of this name', () => {
    const text = JSON.stringify([null, 3, { origin: 'a', vkey: 'k' }, { origin: 'b', vkey: 'l' }])
    assert.equal(rememberedKey(storage(text), 'b'), 'l')
    assert.equal(rememberedKey(storage(text), 'c'), null)
  })

  it('is none where nothing can be read', () => {
    for (const text of [null, '', '{', '{}', '[{"origin":"a"}]', '[{"origin":"a","vkey":1}]']) {
      assert.equal(rememberedKey(storage(text), 'a'), null)
    }
  })
})
