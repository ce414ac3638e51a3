// The chain as a graph in lanes: from the person to what was reached, each name once, with how
// often one led to the next. Pure. What a lane has too much of is folded into one node.

import type { Path } from './asked.ts'

export const LANES = [
  { lane: 'human', name: 'Person' },
  { lane: 'actor', name: 'Account' },
  { lane: 'credential', name: 'Credential' },
  { lane: 'source', name: 'Address' },
  { lane: 'session', name: 'Session' },
  { lane: 'agent', name: 'Agent' },
  { lane: 'tool', name: 'Tool' },
  { lane: 'model', name: 'Model' },
  { lane: 'data', name: 'Data or endpoint' },
] as const
export type Lane = (typeof LANES)[number]['lane']

type Amounts = {
  readonly count: number
  readonly rows: number
  /** Of the count, how many a finding rests on. */
  readonly found: number
}

export type Node = Amounts & {
  readonly key: string
  readonly lane: Lane
  /** Empty for the node of those that are folded. */
  readonly value: string
  /** How many names are folded into it; 0 for a node of its own. */
  readonly folded: number
  /** No name: a place in a lane for the paths that pass it. */
  readonly isGap: boolean
  readonly verified: string | null
  readonly claimed: string
}

export type Edge = Amounts & { readonly from: string; readonly to: string }

export type Graph = {
  /** Those with nodes, in the order of the chain. */
  readonly lanes: readonly { readonly name: string; readonly nodes: readonly Node[] }[]
  readonly edges: readonly Edge[]
  /** Keys of the nodes of each path, in its order. */
  readonly trails: readonly (readonly string[])[]
}

export type Link = { readonly lane: Lane; readonly value: string }

/** Links of a path that are there. A person who acts for themselves is one link. */
export function linksOf(path: Path): readonly Link[] {
  const { human, actor, model, tool, target } = path
  const isReached = target === model || target === tool
  const links: readonly Link[] = [
    { lane: 'human', value: human },
    { lane: 'actor', value: actor === human ? '' : actor },
    { lane: 'credential', value: path.credential },
    { lane: 'source', value: path.source },
    { lane: 'session', value: path.session },
    { lane: 'agent', value: path.agent },
    { lane: 'tool', value: tool },
    { lane: 'model', value: model },
    { lane: 'data', value: isReached ? '' : target },
  ]
  return links.filter(({ value }) => value !== '')
}

export function graphOf(paths: readonly Path[], laneMax: number): Graph {
  const names = foldedNames(paths, laneMax)
  const used = LANES.map(({ lane }) => lane).filter(lane =>
    paths.some(path => linksOf(path).some(link => link.lane === lane)),
  )
  const nodes = new Map<string, Mutable<Node>>()
  const edges = new Map<string, Mutable<Edge>>()
  const trails: string[][] = []
  for (const path of paths) {
    const trail = stepsOf(path, used).map(step => {
      const node = nodeFor(step, names, nodes)
      if (step.lane === 'actor' || (step.lane === 'human' && step.value === path.actor)) {
        node.verified = path.verified
        node.claimed = path.claimed
      }
      add(node, path)
      return node.key
    })
    for (const [i, to] of trail.entries()) {
      const from = trail[i - 1]
      if (from === undefined) continue
      const edge = edges.get(edgeKey(from, to)) ?? { from, to, ...NOTHING }
      edges.set(edgeKey(from, to), edge)
      add(edge, path)
    }
    trails.push(trail)
  }
  const all = [...nodes.values()]
  const lanes = LANES.map(({ lane, name }) => ({
    name,
    nodes: all.filter(node => node.lane === lane),
  })).filter(lane => lane.nodes.length > 0)
  return { lanes: untangled(lanes, [...edges.values()]), edges: [...edges.values()], trails }
}

/** A path from its first to its last link, with an empty step in each lane that it passes. */
function stepsOf(path: Path, used: readonly Lane[]): readonly Link[] {
  const links = new Map(linksOf(path).map(link => [link.lane, link]))
  const steps = used.map(lane => links.get(lane) ?? { lane, value: '' })
  const first = steps.findIndex(({ value }) => value !== '')
  const last = steps.findLastIndex(({ value }) => value !== '')
  return steps.slice(first, last + 1)
}

function nodeFor(
  { lane, value }: Link,
  names: ReadonlyMap<Lane, ReadonlySet<string>>,
  nodes: Map<string, Mutable<Node>>,
): Mutable<Node> {
  const isGap = value === ''
  const fold = names.get(lane)
  const isFolded = fold?.has(value) ?? false
  const key = isGap ? `${lane} -` : isFolded ? `${lane} …` : `${lane}:${value}`
  const known = nodes.get(key)
  if (known) return known
  const node = newNode(key, lane, isFolded ? '' : value)
  nodes.set(key, node)
  node.isGap = isGap
  if (isFolded) node.folded = fold?.size ?? 0
  return node
}

export function edgeKey(from: string, to: string): string {
  return JSON.stringify([from, to])
}

/** Keys of the nodes and edges of every path through a node. */
export function throughNode({ trails }: Graph, key: string): ReadonlySet<string> {
  const touched = new Set<string>()
  for (const trail of trails) {
    if (!trail.includes(key)) continue
    for (const [i, one] of trail.entries()) {
      touched.add(one)
      const before = trail[i - 1]
      if (before !== undefined) touched.add(edgeKey(before, one))
    }
  }
  return touched
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NOTHING: Amounts = { count: 0, rows: 0, found: 0 }

function newNode(key: string, lane: Lane, value: string): Mutable<Node> {
  return { key, lane, value, folded: 0, isGap: false, verified: null, claimed: '', ...NOTHING }
}

function add(sum: Mutable<Amounts>, { count, rows, found }: Amounts): void {
  sum.count += count
  sum.rows += rows
  sum.found += found
}

/** Of each lane the names that have no place in it: what nothing rests on, and the rarest. */
function foldedNames(paths: readonly Path[], laneMax: number): ReadonlyMap<Lane, Set<string>> {
  const weights = new Map<Lane, Map<string, number>>()
  for (const path of paths) {
    for (const { lane, value } of linksOf(path)) {
      const lanes = weights.get(lane) ?? new Map<string, number>()
      weights.set(lane, lanes)
      lanes.set(value, (lanes.get(value) ?? 0) + path.found * FOUND_WEIGHT + path.count)
    }
  }
  const folded = new Map<Lane, Set<string>>()
  for (const [lane, names] of weights) {
    // One more fits where it would take the place of the fold.
    if (names.size <= laneMax + 1) continue
    const heaviest = [...names].sort(([, a], [, b]) => b - a)
    folded.set(lane, new Set(heaviest.slice(laneMax).map(([name]) => name)))
  }
  return folded
}

const FOUND_WEIGHT = 1e6

type LaneNodes = { readonly name: string; readonly nodes: readonly Node[] }

/** Nodes stand amid what leads to them: fewer edges cross (barycentre, Sugiyama 1981). */
function untangled(lanes: readonly LaneNodes[], edges: readonly Edge[]): readonly LaneNodes[] {
  const places = new Map<string, number>()
  return lanes.map(({ name, nodes }) => {
    const sorted = nodes
      .map((node, i) => ({ node, at: middleOf(node, edges, places) ?? i }))
      .sort((a, b) => Number(a.node.folded > 0) - Number(b.node.folded > 0) || a.at - b.at)
      .map(({ node }) => node)
    for (const [i, { key }] of sorted.entries()) places.set(key, i - (sorted.length - 1) / 2)
    return { name, nodes: sorted }
  })
}

function middleOf(
  { key }: Node,
  edges: readonly Edge[],
  places: ReadonlyMap<string, number>,
): number | null {
  const from = edges.filter(edge => edge.to === key)
  const weight = from.reduce((sum, { count }) => sum + count, 0)
  if (weight === 0) return null
  const sum = from.reduce((total, edge) => total + (places.get(edge.from) ?? 0) * edge.count, 0)
  return sum / weight
}
