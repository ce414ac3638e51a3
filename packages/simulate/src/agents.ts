// Agents: a run thinks with a model, uses tools, reaches what the tools reach, and asks a person
// where a tool needs one. Some runs are started by people, some by the agent's own clock.

import { readDataset, searchIndex } from './accesses.ts'
import { DAY_MS, isWeekend, MINUTE_MS } from './calendar.ts'
import type { Agent, Model, Person } from './cast.ts'
import { asAgent, type Draft, type End, makeEvent, OK, type Who } from './draft.ts'
import { callModel } from './model-call.ts'
import { type Random, randomOf } from './random.ts'
import { RISKY_TOOLS } from './roster.ts'
import type { Stage } from './stage.ts'

const RUNTIME = { system: 'agents', producer: 'agent-runtime' } as const

export type Run = {
  readonly stage: Stage
  readonly agent: Agent
  /** Who asked for it, in which guise; null when the agent woke by itself. */
  readonly asker: { readonly person: Person; readonly who: Who } | null
  readonly timeMs: number
  readonly random: Random
}

/** What one run carries from step to step. */
type Thread = Run & {
  readonly worker: Who
  readonly model: Model
  readonly ids: { readonly conversation: string; readonly trace: { readonly id: string } }
}

export function runAgent(run: Run): readonly Draft[] {
  const { stage, agent, asker, random, timeMs } = run
  const worker = asAgent(agent, asker?.person ?? null, timeMs)
  const model = stage.cast.models.find(m => m.name === agent.model)
  if (!model) throw new RangeError(`${agent.id} thinks with ${agent.model}, which does not exist`)
  const ids = { conversation: `run-${random.hex(12)}`, trace: { id: random.hex(32) } }
  const thread: Thread = { ...run, worker, model, ids }
  const drafts: Draft[] = [beginning(thread)]
  const steps = asker ? 1 + random.poisson(1.9) : 1 + random.poisson(0.3)
  let atMs = timeMs + random.int(60, 400)
  let tokensIn = Math.ceil(random.logNormal(2300, 0.35))
  let cachedRead = 0
  for (let i = 0; i <= steps; i++) {
    const isLast = i === steps
    const thought = think(thread, { atMs, tokensIn, cachedRead, isLast })
    drafts.push(thought)
    atMs = thought.time + (thought.durationMs ?? 0) + random.int(5, 60)
    if (isLast || thought.outcome !== 'success') break
    const used = useTool(thread, random.pick(agent.tools), atMs)
    drafts.push(...used)
    atMs = Math.max(...used.map(d => d.time + (d.durationMs ?? 0))) + random.int(5, 60)
    cachedRead = tokensIn
    tokensIn += Math.ceil(random.logNormal(620, 0.7))
  }
  if (asker && random.chance(0.05)) drafts.push(act(thread, 'hand_over', atMs + 80))
  return drafts
}

function beginning({ asker, worker, ids, timeMs, agent, random }: Thread): Draft {
  if (!asker)
    return makeEvent(worker, timeMs, {
      kind: 'agent.action',
      operation: 'wake',
      ...RUNTIME,
      ...ids,
    })
  return makeEvent(asker.who, timeMs, {
    kind: 'ai.invoke',
    operation: 'invoke_agent',
    ...RUNTIME,
    ...OK,
    ...ids,
    protocol: 'http',
    interface: 'chat',
    endpoint: 'POST /agents/{agent}/runs',
    resource: [{ type: 'agent', id: agent.id }],
    inputHash: random.digest(),
    bytes: { in: Math.ceil(random.logNormal(900, 0.6)), out: 212 },
    durationMs: random.int(12, 60),
  })
}

type Thought = {
  readonly atMs: number
  readonly tokensIn: number
  readonly cachedRead: number
  readonly isLast: boolean
}

function think(thread: Thread, thought: Thought): Draft {
  const { stage, model, worker, ids, random } = thread
  const { atMs, isLast, tokensIn, cachedRead } = thought
  const call = {
    model,
    who: worker,
    timeMs: atMs,
    interface: 'agent',
    tokensIn,
    cachedRead,
    tokensOut: Math.ceil(random.logNormal(isLast ? 260 : 70, 0.5)),
    temperature: 0,
    finish: isLast ? 'stop' : 'tool_calls',
    conversation: ids.conversation,
    trace: ids.trace.id,
  } as const
  return callModel(stage, call, random)
}

const TOOL_ENDS = [
  [0.965, OK],
  [0.025, { outcome: 'failure', status: 500, reasonCode: 'tool_error' }],
  [0.01, { outcome: 'denied', status: 403, reasonCode: 'scope_missing' }],
] as const satisfies readonly (readonly [number, End])[]

/** The call, before it the approval where one is needed, and what the tool reaches. */
function useTool(thread: Thread, tool: string, fromMs: number): readonly Draft[] {
  const { agent, worker, ids, random } = thread
  const approval = RISKY_TOOLS.has(tool) ? askFor(thread, tool, fromMs) : []
  const timeMs = (approval.at(-1)?.time ?? fromMs) + 20
  if (approval.at(-1)?.outcome === 'denied') return approval
  const call = makeEvent(worker, timeMs, {
    kind: 'ai.tool',
    operation: 'tools/call',
    ...RUNTIME,
    ...random.weighted<End>(TOOL_ENDS),
    ...ids,
    protocol: 'mcp',
    tool: { name: tool, callId: `call-${random.hex(12)}`, server: agent.server },
    inputHash: random.digest(),
    durationMs: Math.ceil(random.logNormal(240, 0.8)),
  })
  const reached = call.outcome === 'success' ? reach(thread, tool, timeMs + 8) : []
  return [...approval, call, ...reached]
}

function reach({ stage, worker, ids, random, asker }: Thread, tool: string, timeMs: number) {
  const moment = { who: worker, timeMs, random }
  switch (tool) {
    case 'sql.query': {
      const dataset = asker?.person.habits.datasets[0]?.[1] ?? stage.cast.datasets[0]
      return dataset ? [readDataset(moment, dataset, random.logNormal(180, 1), ids)] : []
    }
    case 'kb.search':
    case 'paper.search':
    case 'logs.search': {
      const index = { 'kb.search': 'kb-support', 'paper.search': 'papers', 'logs.search': 'logs' }[
        tool
      ]
      return [searchIndex(moment, index, ids)]
    }
    default:
      return []
  }
}

/** Agents that woke by themselves ask nobody: they only propose. */
function askFor(thread: Thread, tool: string, timeMs: number): readonly Draft[] {
  const { asker, ids, random } = thread
  const asked = act(thread, 'approval.ask', timeMs, tool)
  if (!asker) return [asked]
  const isGranted = random.chance(0.93)
  const answer = makeEvent(asker.who, timeMs + random.logNormal(24_000, 0.9), {
    kind: 'agent.action',
    operation: isGranted ? 'approval.grant' : 'approval.refuse',
    outcome: isGranted ? 'success' : 'denied',
    ...(isGranted ? {} : { reasonCode: 'refused' }),
    ...RUNTIME,
    ...ids,
    interface: 'chat',
    tool: { name: tool },
  })
  return [asked, answer]
}

function act({ worker, ids }: Thread, operation: string, timeMs: number, tool?: string): Draft {
  const kind = 'agent.action'
  const used = tool === undefined ? {} : { tool: { name: tool } }
  return makeEvent(worker, timeMs, { kind, operation, ...RUNTIME, ...ids, ...used })
}

/** Minutes between the times at which an agent wakes by itself. */
const WAKES_EVERY: { readonly [id: string]: number } = {
  'agent-ops': 60,
  'agent-triage': 120,
  'agent-support': 480,
  'agent-analyst': 1440,
}

/** Runs that nobody asked for, on one day (UTC). */
export function agentDay(stage: Stage, agent: Agent, day: number): readonly Draft[] {
  const every = WAKES_EVERY[agent.id]
  if (every === undefined || (every === 1440 && isWeekend(day))) return []
  const random = randomOf(stage.seed, 'agent', agent.id, day)
  const first = agent.id.length % 13
  const runs = Array.from({ length: 1440 / every }, (_, i) => {
    const timeMs = day * DAY_MS + (first + i * every) * MINUTE_MS + random.int(0, 1500)
    return runAgent({ stage, agent, asker: null, timeMs, random })
  })
  return runs.flat()
}
