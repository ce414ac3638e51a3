// Which open alert is the top story. Overview tells it, and the demo's first steps lead through it.

export type Candidate = { readonly score: number; readonly openedMs: number }

const STORY_MS = 86_400_000

/** The heaviest of the last day; where that was quiet, the newest. */
export function topStory<A extends Candidate>(open: readonly A[], nowMs: number): A | null {
  const today = open.filter(({ openedMs }) => nowMs - openedMs < STORY_MS)
  const heaviest = (a: A | null, b: A) => (a === null || b.score > a.score ? b : a)
  const newest = (a: A | null, b: A) => (a === null || b.openedMs > a.openedMs ? b : a)
  return today.length > 0 ? today.reduce(heaviest, null) : open.reduce(newest, null)
}
