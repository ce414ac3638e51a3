// axe-core on a page, and what it cannot see: whether everything is reached by Tab with a visible
// focus, and whether a page fits 320 CSS pixels (WCAG 2.2, 2.1.1, 2.4.7 and 1.4.10).

import axe from 'axe-core'
import type { Page } from 'playwright-core'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

export type Look = {
  readonly scheme: 'light' | 'dark'
  readonly contrast: 'normal' | 'high'
}

export const LOOKS: readonly Look[] = [
  { scheme: 'light', contrast: 'normal' },
  { scheme: 'dark', contrast: 'normal' },
  { scheme: 'light', contrast: 'high' },
  { scheme: 'dark', contrast: 'high' },
]

/** Changes the colours of the page that is open, as its menu does. */
async function wear(page: Page, { scheme, contrast }: Look): Promise<void> {
  await page.evaluate(
    ([shown, strength]) => {
      document.documentElement.dataset.mantineColorScheme = shown
      document.documentElement.dataset.contrast = strength
    },
    [scheme, contrast] as const,
  )
}

/** What breaks a rule, one line an element, with where it was seen. */
export type Broken = Map<string, string[]>

/**
 * Judges what is shown, in all colours. Only colours differ between them (tokens.css), so rules
 * about anything else see the same page in each and are asked once.
 */
export async function judge(page: Page, what: string, broken: Broken): Promise<void> {
  const isThere = await page.evaluate(() => Reflect.get(window, 'axe') !== undefined)
  if (!isThere) await page.evaluate(axe.source)
  for (const [i, look] of LOOKS.entries()) {
    await wear(page, look)
    for (const one of await violations(page, i === 0 ? TAGS : COLOUR_RULES)) {
      broken.set(one, [...(broken.get(one) ?? []), `${what}, ${look.scheme}, ${look.contrast}`])
    }
  }
}

async function violations(page: Page, runOnly: readonly string[]): Promise<readonly string[]> {
  const found: axe.AxeResults = await page.evaluate(
    only =>
      Reflect.get(window, 'axe').run(document, { runOnly: only, resultTypes: ['violations'] }),
    runOnly,
  )
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, target, any, all, none }) => {
      const [why] = [...any, ...all, ...none]
      return `${id}: ${target.join(' ')} ${html.slice(0, 160)} ${why?.message ?? ''}`
    }),
  )
}

export type Reached = {
  /** Can be used by a mouse and is not reached by Tab. */
  readonly missed: readonly string[]
  /** Has the focus and does not show it. */
  readonly unmarked: readonly string[]
}

const TABS_MAX = 400

/** Goes through the page by Tab until the focus comes round. */
export async function tabThrough(page: Page): Promise<Reached> {
  await page.evaluate(startAtTop)
  const unmarked: string[] = []
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(noteFocus)
    if (at.isRound) return { missed: await page.evaluate(namesOfMissed), unmarked }
    if (at.unmarked !== null) unmarked.push(at.unmarked)
  }
  throw new Error(`the focus does not come round in ${TABS_MAX} steps`)
}

function startAtTop(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  window.getSelection()?.removeAllRanges()
  for (const element of document.querySelectorAll('[data-reached]')) {
    element.removeAttribute('data-reached')
  }
}

/** Marks what has the focus; runs in the page. */
function noteFocus(): { readonly isRound: boolean; readonly unmarked: string | null } {
  const at = document.activeElement
  const isRound = !at || at === document.body || at.hasAttribute('data-reached')
  if (isRound) return { isRound, unmarked: null }
  at.setAttribute('data-reached', '')
  // What is drawn for a control of no size stands beside it, in its label.
  const seen = [at, at.nextElementSibling, at.parentElement, at.closest('label')]
  const isMarked = seen.some(element => {
    if (!element) return false
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(element)
    const isOutlined = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1
    const isInput = at.matches('input, textarea') && borderColor !== ''
    return isOutlined || boxShadow !== 'none' || isInput
  })
  return { isRound, unmarked: isMarked ? null : at.outerHTML.slice(0, 160) }
}

function namesOfMissed(): readonly string[] {
  const all = document.querySelectorAll<HTMLElement>(
    'a[href], button, input, select, textarea, summary, [tabindex="0"]',
  )
  const isReached = (element: HTMLElement) => {
    if (element.hasAttribute('data-reached') || element.matches(':disabled')) return true
    if (!element.checkVisibility({ visibilityProperty: true })) return true
    if (element.closest('[inert], [aria-hidden="true"]')) return true
    // Of a group of radio buttons, and within a composite (grid, list), one is reached by Tab.
    if (element instanceof HTMLInputElement && element.type === 'radio') {
      return document.querySelector(`input[name="${CSS.escape(element.name)}"][data-reached]`)
    }
    const composite = element.closest(
      ['grid', 'treegrid', 'listbox', 'menu', 'toolbar'].map(role => `[role="${role}"]`).join(),
    )
    return element.tabIndex < 0 && composite?.querySelector('[data-reached]')
  }
  return [...all].filter(one => !isReached(one)).map(one => one.outerHTML.slice(0, 160))
}

/** What makes a page wider than its window; empty when it fits. */
export async function overflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const wide = (element: Element) => element.scrollWidth > element.clientWidth + 1
    const boxes = [document.documentElement, document.body, document.querySelector('main')]
    const found = boxes.filter(box => box !== null).filter(wide)
    if (found.length === 0) return []
    // Data that needs two dimensions may scroll in a box of its own.
    const isOwnScroll = (element: Element | null): boolean =>
      element !== null &&
      element !== document.body &&
      element.tagName !== 'MAIN' &&
      (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) ||
        isOwnScroll(element.parentElement))
    return [...document.querySelectorAll('body *')]
      .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
      .filter(element => !isOwnScroll(element.parentElement))
      .slice(0, 8)
      .map(element => element.outerHTML.slice(0, 160))
      .concat(found.map(box => `${box.tagName}: ${box.scrollWidth} of ${box.clientWidth}`))
  })
}
