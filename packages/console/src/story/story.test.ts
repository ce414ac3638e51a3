import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topStory } from './story.ts'

const NOW = 1_800_000_000_000

describe('top story', () => {
  const alert = (score: number, hoursAgo: number) => ({
    score,
    openedMs: NOW - hoursAgo * 3_600_000,
  })

  it('is the heaviest of the last day', () => {
    const [light, heavy, old] = [alert(21, 1), alert(36, 5), alert(90, 30)]
    assert.equal(topStory([light, heavy, old], NOW), heavy)
  })

  it('is the newest where the last day was quiet, and none where none is open', () => {
    const [older, newer] = [alert(90, 60), alert(20, 30)]
    assert.equal(topStory([older, newer], NOW), newer)
    assert.equal(topStory([], NOW), null)
  })
})
