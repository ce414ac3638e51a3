// From pages of alerts to the lines of an inbox: groups in the order of their newest alert, and
// under each its alerts. A page makes its own groups: what a later page brings stands below what is
// there, so that nothing moves under the cursor and `j` leaves nothing out. Pure.

export const GROUPINGS = ['entity', 'rule', 'none'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** What of an alert its place in the inbox depends on. */
export type Placed = {
  readonly id: string
  readonly title: string
  readonly entity: { readonly type: string; readonly id: string }
}

export type Line<A extends Placed> =
  | {
      readonly kind: 'group'
      readonly key: string
      readonly first: A
      readonly count: number
      /** An earlier page has a group of the same. */
      readonly isContinued: boolean
    }
  | { readonly kind: 'alert'; readonly key: string; readonly alert: A }

export function groupingOf(text: string | undefined): Grouping {
  return GROUPINGS.find(one => one === text) ?? 'entity'
}

export function linesOf<A extends Placed>(
  pages: readonly (readonly A[])[],
  grouping: Grouping,
): readonly Line<A>[] {
  const seen = new Set<string>()
  const lines: Line<A>[] = []
  for (const [page, alerts] of distinct(pages).entries()) {
    const groups = Map.groupBy(alerts, alert => keyOf(alert, grouping))
    for (const [key, members] of groups) {
      const [first] = members
      if (grouping !== 'none' && first) {
        const isContinued = seen.has(key)
        lines.push({
          kind: 'group',
          key: `${page} ${key}`,
          first,
          count: members.length,
          isContinued,
        })
      }
      seen.add(key)
      for (const alert of members) lines.push({ kind: 'alert', key: alert.id, alert })
    }
  }
  return lines
}

/** The alerts in the order in which they stand. */
export function alertsIn<A extends Placed>(lines: readonly Line<A>[]): readonly A[] {
  return lines.flatMap(line => (line.kind === 'alert' ? [line.alert] : []))
}

function keyOf({ entity, title }: Placed, grouping: Grouping): string {
  if (grouping === 'none') return ''
  return grouping === 'rule' ? title : `${entity.type}:${entity.id}`
}

/** An alert that pages have twice stands where it stood first. */
function distinct<A extends Placed>(pages: readonly (readonly A[])[]): readonly (readonly A[])[] {
  const seen = new Set<string>()
  return pages.map(page =>
    page.filter(({ id }) => {
      const isNew = !seen.has(id)
      seen.add(id)
      return isNew
    }),
  )
}
