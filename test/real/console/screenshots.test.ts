// The pictures of README and docs: what the demo shows of its story, screen by screen, in a real
// Chromium. `UPDATE=1` writes them to docs/images/; without it each must be there, as large as what
// is shown now.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { REPOSITORY } from '../../need.ts'
import { type ConsoleRig, needChromium, openConsole } from './browser.ts'

const IMAGES = join(REPOSITORY, 'docs/images')
const STORY_MS_MAX = 300_000
const ASK_MS = 2000
/** The story has gone on for a while: what was done about it is in the picture, too. */
const GROWN_MS = 25_000

type Story = {
  readonly id: string
  readonly entity: { readonly type: string; readonly id: string }
  readonly sentence: string
}

type Picture = {
  readonly name: string
  readonly path: (story: Story) => string
  /** A text that the picture must hold. */
  readonly holds: (story: Story) => string
  readonly scheme?: 'dark'
}

const entityPath = ({ entity }: Story) =>
  `/entities/${entity.type}/${encodeURIComponent(entity.id)}?v=1&metric=rows&from=now-7d`

const PICTURES: readonly Picture[] = [
  { name: 'overview', path: () => '/', holds: story => story.entity.id },
  { name: 'overview-dark', path: () => '/', holds: story => story.entity.id, scheme: 'dark' },
  {
    name: 'explore',
    path: () => '/events?v=1&q=kind%3Adata.read+or+kind%3Aai.feature&from=now-7d',
    holds: () => 'ai.feature',
  },
  {
    name: 'alerts',
    path: ({ id }) => `/alerts?v=1&sel=${id}&from=now-30d`,
    holds: story => story.entity.id,
  },
  { name: 'entity', path: entityPath, holds: story => story.entity.id },
  {
    name: 'investigation',
    path: ({ id }) => `/investigate?v=1&alert=${id}`,
    holds: () => 'The chain',
  },
]

describe('pictures of the docs', { skip: needChromium() }, () => {
  let rig: ConsoleRig
  let story: Story
  before(async () => {
    const sinceMs = Date.now()
    rig = await openConsole({ world: 'empty', command: 'demo' })
    story = await liveStory(rig, sinceMs)
    await sleep(GROWN_MS)
  })
  after(() => rig?.close())

  for (const { name, path, holds, scheme = 'light' } of PICTURES) {
    it(`${name} is what the demo shows`, () =>
      rig.visit({ path: path(story), scheme }, async ({ page, settled }) => {
        await settled()
        await page.getByText(holds(story)).first().waitFor()
        await settled()
        await page.mouse.move(0, 0)
        const shown = await page.screenshot()
        const file = join(IMAGES, `${name}.png`)
        if (process.env.UPDATE === '1') {
          mkdirSync(IMAGES, { recursive: true })
          writeFileSync(file, shown)
        }
        // Width and height of a PNG stand at 16 and 20 (PNG specification, 11.2.2 IHDR).
        assert.deepEqual(readFileSync(file).subarray(16, 24), shown.subarray(16, 24))
        assert.ok(shown.length > 20_000, 'something is in it')
      }))
  }
})

/** The heaviest alert about what happens while the demo runs. */
async function liveStory(rig: ConsoleRig, sinceMs: number): Promise<Story> {
  for (;;) {
    const { alerts } = await rig.ask('/v1/alerts?limit=50')
    const live = alerts.filter(
      ({ openedMs, level }: { openedMs: number; level: string }) =>
        openedMs >= sinceMs && (level === 'high' || level === 'critical'),
    )
    const [story] = live.toSorted((a: { score: number }, b: { score: number }) => b.score - a.score)
    if (story) return story
    assert.ok(Date.now() - sinceMs < STORY_MS_MAX, 'the story of the demo began')
    await sleep(ASK_MS)
  }
}
