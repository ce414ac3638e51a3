// The five steps through the demo, and which of them are done. Pure: an address or a change says
// which step it was; what is kept belongs to one story, and starts anew with another.

import type { Search } from '../address/address.tsx'

export const STEPS = ['open', 'compare', 'chain', 'undo', 'verify'] as const
export type Step = (typeof STEPS)[number]

export type Progress = {
  /** Id of the alert that the steps are about. */
  readonly story: string | null
  readonly done: readonly Step[]
  readonly isDismissed: boolean
}

export const NOTHING_YET: Progress = { story: null, done: [], isDismissed: false }
export const STORAGE_KEY = 'tocsin.checklist'

export function readProgress(text: string | null): Progress {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    const member = (name: string): unknown => Reflect.get(Object(value), name)
    const done = member('done')
    const story = member('story')
    return {
      story: typeof story === 'string' ? story : null,
      done: Array.isArray(done) ? STEPS.filter(step => done.includes(step)) : [],
      isDismissed: member('isDismissed') === true,
    }
  } catch {
    return NOTHING_YET
  }
}

/** The steps that a visit of this address is. */
export function stepsAt(path: string, search: Search): readonly Step[] {
  if (path === '/alerts' && search.sel) return ['open']
  if (path.startsWith('/entities/')) return ['compare']
  if (path === '/investigate' && (search.alert || search.entity)) return ['chain']
  return []
}

export function withDone(progress: Progress, steps: readonly Step[]): Progress {
  const done = STEPS.filter(step => progress.done.includes(step) || steps.includes(step))
  return done.length === progress.done.length ? progress : { ...progress, done }
}

/** Another story: what was done about the one before does not count. */
export function aboutStory(progress: Progress, story: string): Progress {
  return progress.story === story ? progress : { ...progress, story, done: [] }
}

export function nextStep({ done }: Progress): Step | null {
  return STEPS.find(step => !done.includes(step)) ?? null
}
