// Contrast of the tokens, computed for all four schemes (WCAG 2.2, 1.4.3 and 1.4.11): each text on
// each surface that it stands on, each mark beside what lies around it.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const TEXT_MIN = 4.5
const MARK_MIN = 3
/** High contrast keeps its word: the enhanced ratio of WCAG 1.4.6. */
const HIGH_TEXT_MIN = 7

const SURFACES = ['page', 'sheet', 'well', 'hover', 'chosen']
const LEVELS = ['critical', 'high', 'medium', 'low', 'informational']
const TEXTS = ['ink', 'ink-soft', 'accent', ...LEVELS]
/** Charts, marks of outcomes and borders of controls. */
const MARKS = ['success', 'failure', 'denied', 'unknown', 'usual', 'now', 'line-strong', 'focus']

type Tokens = ReadonlyMap<string, string>

const CSS = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')
const light = tokensAt(':root[data-mantine-color-scheme="light"]')
const dark = tokensAt(':root[data-mantine-color-scheme="dark"]')
const high = (scheme: string) =>
  tokensAt(`:root[data-contrast="high"][data-mantine-color-scheme="${scheme}"]`)
const SCHEMES: readonly (readonly [name: string, tokens: Tokens, textMin: number])[] = [
  ['light', light, TEXT_MIN],
  ['dark', dark, TEXT_MIN],
  ['light, high contrast', new Map([...light, ...high('light')]), HIGH_TEXT_MIN],
  ['dark, high contrast', new Map([...dark, ...high('dark')]), HIGH_TEXT_MIN],
]

function tokensAt(selector: string): Tokens {
  const start = CSS.indexOf(`${selector} {`)
  assert.ok(start >= 0, `tokens.css has no ${selector}`)
  const block = CSS.slice(start, CSS.indexOf('}', start))
  return new Map([...block.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, k = '', v = '']) => [k, v]))
}

/** Relative luminance (WCAG 2.2), of `#rrggbb` or of `r g b`. */
function luminance(tokens: Tokens, name: string): number {
  const text = tokens.get(name) ?? ''
  const isHex = /^#[0-9a-f]{6}$/i.test(text)
  assert.ok(isHex || /^\d+ \d+ \d+$/.test(text), `--${name} is ${JSON.stringify(text)}`)
  const parts = isHex
    ? [1, 3, 5].map(at => Number.parseInt(text.slice(at, at + 2), 16))
    : text.split(' ').map(Number)
  const [r = 0, g = 0, b = 0] = parts.map(part => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(tokens: Tokens, a: string, b: string): number {
  const [x, y] = [luminance(tokens, a), luminance(tokens, b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

function tooWeak(
  tokens: Tokens,
  pairs: readonly (readonly [string, string])[],
  min: number,
): readonly string[] {
  return pairs
    .map(([ink, ground]) => [`${ink} on ${ground}`, contrast(tokens, ink, ground)] as const)
    .filter(([, ratio]) => ratio < min)
    .map(([pair, ratio]) => `${pair}: ${ratio.toFixed(2)}, at least ${min}`)
}

const crossed = (inks: readonly string[]) =>
  inks.flatMap(ink => SURFACES.map(surface => [ink, surface] as const))

for (const [name, tokens, textMin] of SCHEMES) {
  describe(`colours, ${name}`, () => {
    it('texts can be read on every surface', () => {
      assert.deepEqual(tooWeak(tokens, crossed(TEXTS), textMin), [])
    })

    it('texts can be read on their washes and on what is filled with them', () => {
      const onWash = ['accent', ...LEVELS].map(level => [level, `${level}-wash`] as const)
      const inked = ['accent', ...LEVELS].map(level => ['ink', `${level}-wash`] as const)
      // `filled` of theme.ts.
      const filled = LEVELS.map(level => ['sheet', level] as const)
      const pairs = [...onWash, ...inked, ...filled, ['accent-ink', 'accent'] as const]
      assert.deepEqual(tooWeak(tokens, pairs, TEXT_MIN), [])
    })

    it('marks stand out from every surface', () => {
      assert.deepEqual(tooWeak(tokens, crossed(MARKS), MARK_MIN), [])
    })
  })
}

describe('colours', () => {
  it('outcomes of a stacked chart differ where they touch, or have a line between them', () => {
    // Told apart by lightness in a print in grey: no two are the same.
    for (const [, tokens] of SCHEMES) {
      const marks = ['success', 'failure', 'denied']
      const seen = marks.map(mark => luminance(tokens, mark).toFixed(2))
      assert.equal(new Set(seen).size, marks.length, seen.join(' '))
    }
  })

  it('both schemes name the same tokens, and high contrast names no others', () => {
    assert.deepEqual([...dark.keys()], [...light.keys()])
    for (const scheme of ['light', 'dark']) {
      for (const token of high(scheme).keys()) assert.ok(light.has(token), token)
    }
  })
})
