// Where one can go: the menu, the palette and the keys `g` + letter.

export type Place = {
  readonly path: string
  readonly name: string
  readonly key: string
  readonly what: string
  /** Of an icon of 18 × 18, drawn as a line. */
  readonly icon: string
}

export const PLACES: readonly Place[] = [
  {
    path: '/',
    name: 'Overview',
    key: 'o',
    what: 'Is anything wrong, and is data arriving?',
    icon: 'M2 10h3l2-6 4 11 2.5-5H16',
  },
  {
    path: '/events',
    name: 'Explore',
    key: 'e',
    what: 'Search every access',
    icon: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3ZM11.7 11.7 15.5 15.5',
  },
  {
    path: '/alerts',
    name: 'Alerts',
    key: 'a',
    what: 'What must be decided next',
    icon: 'M9 2.5c-3 0-4.5 2-4.5 5 0 3-.5 4-1.5 5h12c-1-1-1.5-2-1.5-5 0-3-1.5-5-4.5-5ZM7.5 15.5h3',
  },
  {
    path: '/investigate',
    name: 'Investigate',
    key: 'n',
    what: 'Follow the chain from person to data',
    icon: 'M4 4a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Zv11h9M4 9h9M14 10.5a1.5 1.5 0 1 0 0-3v3Zm0 6a1.5 1.5 0 1 0 0-3v3Z',
  },
  {
    path: '/integrity',
    name: 'Integrity',
    key: 'i',
    what: 'Prove that nothing was changed or lost',
    icon: 'M9 1.5 3 4v4.5c0 4 2.5 6.5 6 8 3.5-1.5 6-4 6-8V4ZM6 9l2.2 2.2L12 7',
  },
]
