// The chain from the person to what was reached, as a graph in lanes: each name a button, each step
// a line as strong as it was often taken. Arrows walk from name to name; a chosen one lights its
// paths and says where to look further. The same stands in the table.

import { type KeyboardEvent, type ReactNode, useMemo, useRef } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { Figure, type TableData } from '../chart/chart.tsx'
import { Sheet } from '../panel/panel.tsx'
import { aboutEntity } from '../question/question.ts'
import { bytes, count, Proof, visible } from '../value/value.tsx'
import { entityText, type Investigation, type Path } from './asked.ts'
import { edgeKey, type Graph, graphOf, LANES, linksOf, type Node, throughNode } from './graph.ts'
import { reachedOf } from './reached.ts'

const LANE_MAX = 8
const ROW_PX = 46

export function Chain({ found }: { readonly found: Investigation }): ReactNode {
  const { search, set } = useAddress()
  const { chain } = found
  const graph = useMemo(() => graphOf(chain, LANE_MAX), [chain])
  const chosen = graph.lanes.flatMap(({ nodes }) => nodes).find(({ key }) => key === search.at)
  const lit = chosen ? throughNode(graph, chosen.key) : null
  const choose = (key: string) => set({ at: key === search.at ? null : key }, { replace: true })
  return (
    <Sheet>
      <Figure title="The chain" sentence={sentenceOf(chain)} table={() => tableOf(chain)}>
        <div className="chain-scroll">
          <Lanes graph={graph} lit={lit} chosen={chosen?.key ?? null} choose={choose} />
        </div>
        <Chosen node={chosen ?? null} found={found} />
      </Figure>
    </Sheet>
  )
}

function sentenceOf(chain: readonly Path[]): string {
  const events = chain.reduce((sum, path) => sum + path.count, 0)
  const rows = chain.reduce((sum, path) => sum + path.rows, 0)
  const found = chain.reduce((sum, path) => sum + path.found, 0)
  const ways = chain.length === 1 ? 'one way' : `${count(chain.length)} ways`
  return (
    `${count(events)} events and ${count(rows)} rows on ${ways} from who asked to what was ` +
    `reached; findings rest on ${count(found)} of the events.`
  )
}

type LanesProps = {
  readonly graph: Graph
  /** Keys of the nodes and edges that are lit; null where nothing is chosen. */
  readonly lit: ReadonlySet<string> | null
  readonly chosen: string | null
  readonly choose: (key: string) => void
}

function Lanes({ graph, lit, chosen, choose }: LanesProps): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const { lanes } = graph
  const most = Math.max(...lanes.map(({ nodes }) => nodes.length), 1)
  const height = most * ROW_PX
  const tabbed = chosen ?? lanes[0]?.nodes.find(node => !node.isGap)?.key
  const walk = (event: KeyboardEvent) => {
    const next = neighbour(graph, event)
    if (next === null) return
    event.preventDefault()
    box.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus()
  }
  return (
    <div
      ref={box}
      className="chain"
      role="toolbar"
      aria-label="Names of the chain; arrows lead from one to the next"
      style={{ '--lanes': lanes.length, minHeight: height + 24 } as Record<string, string | number>}
      onKeyDown={walk}
    >
      <Edges graph={graph} lit={lit} height={height} />
      {lanes.map(({ name, nodes }) => (
        <div key={name} className="lane">
          <h3>{name}</h3>
          <div className="lane-nodes" style={{ height }}>
            {nodes.map(node =>
              node.isGap ? (
                <span key={node.key} className="node is-gap" aria-hidden="true" />
              ) : (
                <button
                  key={node.key}
                  type="button"
                  data-node={node.key}
                  className={classOf(node, lit)}
                  aria-pressed={node.key === chosen}
                  tabIndex={node.key === tabbed ? 0 : -1}
                  title={visible(node.value)}
                  onClick={() => choose(node.key)}
                >
                  <span className="node-name cut">{nameOf(node)}</span>
                  <span className="node-figures cut">{figuresOf(node)}</span>
                  <span className="unseen">{`, ${name}`}</span>
                </button>
              ),
            )}
          </div>
        </div>
      ))}
    </div>
  )
}

function classOf({ found, key, verified }: Node, lit: ReadonlySet<string> | null): string {
  return [
    'node',
    found > 0 ? 'is-found' : '',
    verified === 'none' ? 'is-claimed' : '',
    lit !== null && !lit.has(key) ? 'is-dim' : '',
  ].join(' ')
}

function nameOf({ value, folded }: Node): string {
  return folded > 0 ? `${count(folded)} more` : visible(value)
}

function figuresOf({ count: times, rows, found, verified }: Node): string {
  const proof = verified === null ? '' : verified === 'none' ? 'claimed · ' : 'verified · '
  const all = rows === 0 ? `${count(times)} ×` : `${count(times)} ×, ${count(rows)} rows`
  return `${found > 0 ? '● ' : ''}${proof}${all}`
}

/** Left and right follow the strongest step; up and down stay in the lane. */
function neighbour(graph: Graph, event: KeyboardEvent): string | null {
  const key = event.target instanceof HTMLElement ? event.target.dataset.node : undefined
  if (key === undefined) return null
  const own = graph.lanes.find(({ nodes }) => nodes.some(node => node.key === key))?.nodes ?? []
  const named = own.filter(node => !node.isGap)
  const at = named.findIndex(node => node.key === key)
  switch (event.key) {
    case 'ArrowUp':
      return named[at - 1]?.key ?? null
    case 'ArrowDown':
      return named[at + 1]?.key ?? null
    case 'ArrowLeft':
      return along(graph, key, 'back')
    case 'ArrowRight':
      return along(graph, key, 'on')
    default:
      return null
  }
}

/** The next name on the strongest way, over empty places. */
function along({ lanes, edges }: Graph, key: string, way: 'back' | 'on'): string | null {
  const gaps = new Set(lanes.flatMap(({ nodes }) => nodes.filter(n => n.isGap).map(n => n.key)))
  const next = (at: string) =>
    way === 'on'
      ? strongest(edges.filter(edge => edge.from === at))?.to
      : strongest(edges.filter(edge => edge.to === at))?.from
  let at = next(key)
  while (at !== undefined && gaps.has(at)) at = next(at)
  return at ?? null
}

function strongest(edges: Graph['edges']): Graph['edges'][number] | undefined {
  return edges.toSorted((a, b) => b.found - a.found || b.count - a.count)[0]
}

/** Drawn over the width of the lanes in a unit of its own, so that nothing is measured. */
const UNIT = 100
const NODE_PART = 0.82
const STROKE_MIN = 1
const STROKE_MORE = 5

function Edges({
  graph: { lanes, edges },
  lit,
  height,
}: {
  readonly graph: Graph
  readonly lit: ReadonlySet<string> | null
  readonly height: number
}): ReactNode {
  const places = new Map<string, { readonly x: number; readonly y: number }>()
  const gaps = new Set<string>()
  for (const [column, { nodes }] of lanes.entries()) {
    const top = (height - nodes.length * ROW_PX) / 2
    for (const [row, { key, isGap }] of nodes.entries()) {
      if (isGap) gaps.add(key)
      places.set(key, { x: column * UNIT, y: top + (row + 0.5) * ROW_PX })
    }
  }
  const most = Math.max(...edges.map(edge => edge.count), 1)
  return (
    <svg
      className="edges"
      viewBox={`0 0 ${lanes.length * UNIT} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      style={{ height }}
    >
      {edges.map(edge => {
        const from = places.get(edge.from)
        const to = places.get(edge.to)
        if (!from || !to) return null
        const start = from.x + UNIT * NODE_PART
        const middle = (start + to.x) / 2
        // Through an empty place the line goes on.
        const through = gaps.has(edge.to) ? `H${to.x + UNIT * NODE_PART}` : ''
        const key = edgeKey(edge.from, edge.to)
        const isDim = lit !== null && !lit.has(key)
        return (
          <path
            key={key}
            d={`M${start} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}${through}`}
            className={`${edge.found > 0 ? 'is-found' : ''} ${isDim ? 'is-dim' : ''}`}
            strokeWidth={STROKE_MIN + STROKE_MORE * Math.sqrt(edge.count / most)}
            vectorEffect="non-scaling-stroke"
          />
        )
      })}
    </svg>
  )
}

/** What is known of the chosen name, and where to look further; as high as without one. */
function Chosen({
  node,
  found,
}: {
  readonly node: Node | null
  readonly found: Investigation
}): ReactNode {
  if (node === null || node.folded > 0) {
    return (
      <p className="chosen-node quiet">
        ● marks what findings rest on. Choose a name to see its paths and its events.
      </p>
    )
  }
  const reached = node.lane === 'data' ? reachedOf(node.value) : null
  const entity = reached?.resource === null ? null : entityOf(node)
  const question = reached?.question ?? (entity ? aboutEntity(entity) : '')
  const range = { from: String(found.fromMs), to: String(found.toMs + 1) }
  return (
    <p className="chosen-node row" role="status">
      <strong>{visible(node.value)}</strong>
      {node.verified !== null && <Proof verified={node.verified} />}
      {node.claimed !== '' && <span>calls itself {visible(node.claimed)}</span>}
      <span className="quiet">
        {count(node.count)} events, {count(node.rows)} rows, {count(node.found)} in findings
      </span>
      <span className="grow" />
      <Go to="/events" changes={{ q: question, ...range }}>
        Its events
      </Go>
      {entity && <Go to={entityPath(entity)}>Open it</Go>}
      {entity && entityText(entity) !== entityText(found.entity) && (
        <Go to="/investigate" changes={{ entity: entityText(entity) }}>
          Investigate it
        </Go>
      )}
    </p>
  )
}

const ENTITIES: { readonly [lane in Node['lane']]: Investigation['entity']['type'] } = {
  human: 'actor',
  actor: 'actor',
  credential: 'credential',
  source: 'source',
  session: 'session',
  agent: 'agent',
  tool: 'tool',
  model: 'model',
  data: 'resource',
}

function entityOf({ lane, value }: Node): Investigation['entity'] {
  return { type: ENTITIES[lane], id: value }
}

function tableOf(chain: readonly Path[]): TableData {
  const used = LANES.filter(({ lane }) =>
    chain.some(path => linksOf(path).some(link => link.lane === lane)),
  )
  return {
    head: [...used.map(({ name }) => name), 'Events', 'Rows', 'Bytes out', 'In findings'],
    rows: chain.map(path => {
      const links = new Map(linksOf(path).map(({ lane, value }) => [lane, value]))
      return [
        ...used.map(({ lane }) => visible(links.get(lane) ?? '')),
        count(path.count),
        count(path.rows),
        bytes(path.bytesOut),
        count(path.found),
      ]
    }),
  }
}
