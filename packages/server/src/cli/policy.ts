// `tocsin policy`: lint a file without a server; simulate it over the findings that a server has,
// and say what would have been done to whom.

import { existsSync, readFileSync } from 'node:fs'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import {
  createPlanner,
  type Draft,
  type FindingInput,
  type Policy,
  parsePolicy,
  readPolicy,
} from '../respond/respond.ts'
import { parseFound } from '../watch/watch.ts'
import { type Client, clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { printTable, visible } from './table.ts'

export async function lintPolicy(file: string, flags: Json, io: Io): Promise<ExitCode> {
  const { policy, problems } = readPolicy(readFile(file), file)
  if (flags.json) io.out(`${JSON.stringify({ file, ok: policy !== null, problems })}\n`)
  else for (const { line, says } of problems) io.out(`${file}:${line}: ${visible(says)}\n`)
  if (!policy) return EXIT.findings
  if (!flags.json) io.say(describe(policy))
  return EXIT.ok
}

function describe({ rules, version }: Policy): string {
  const enforced = rules.filter(({ mode }) => mode === 'enforce').length
  const rest = rules.length - enforced
  return `Policy ${version} is well formed: ${enforced} of its rules are enforced, ${rest} run dry.`
}

type SimulateFlags = Json & { readonly from?: string; readonly to?: string }

type Page = {
  readonly events: readonly SealedEvent[]
  readonly next: string | null
  readonly complete: boolean
}

const PAGE = '1000'
/** More would be held in memory at once. */
const FINDINGS_MAX = 200_000

/**
 * As if each finding had come when it happened: that it lies in the past does not keep it from
 * being acted on here.
 */
export async function simulatePolicy(
  file: string,
  flags: SimulateFlags,
  io: Io,
): Promise<ExitCode> {
  const policy = parsePolicy(readFile(file), file)
  const { inputs, complete } = await readFindings(clientFor(io), flags)
  const planner = createPlanner(policy)
  const skipped = inputs.filter(({ finding }) => finding.actor.verified === 'none').length
  const drafts = inputs
    .filter(({ finding }) => finding.actor.verified !== 'none')
    .flatMap(input => planner.plan(input, input.finding.timeMs))
  if (flags.json) {
    const count = { findings: inputs.length, unverified: skipped, complete }
    io.out(`${JSON.stringify({ ...count, responses: drafts })}\n`)
  } else print(drafts, { findings: inputs.length, skipped }, io)
  if (complete) return EXIT.ok
  io.say(
    'Partial: the index is still catching up, or there are more findings than are read at once.',
  )
  return EXIT.partial
}

async function readFindings(
  client: Client,
  { from, to }: SimulateFlags,
): Promise<{ readonly inputs: readonly FindingInput[]; readonly complete: boolean }> {
  const inputs: FindingInput[] = []
  let page: Page | null = null
  do {
    const cursor: string | undefined = page?.next ?? undefined
    const asked = { q: 'kind:tocsin.finding', from, to, limit: PAGE, cursor }
    const next: Page = await parseAnswer<Page>(await client.get('/v1/events', asked))
    inputs.push(...next.events.flatMap(event => toInput(event) ?? []))
    page = next
  } while (page.next !== null && inputs.length < FINDINGS_MAX)
  const complete = page.complete && page.next === null
  // The newest come first; a policy sees them in the order of time.
  inputs.sort((a, b) => a.finding.timeMs - b.finding.timeMs)
  return { inputs, complete }
}

function toInput(event: SealedEvent): FindingInput | null {
  const found = parseFound(event)
  if (!found) return null
  const { finding, alert } = found
  return { finding, alertId: alert?.id ?? null, risk: alert?.score ?? 0 }
}

type Counts = { readonly findings: number; readonly skipped: number }

function print(drafts: readonly Draft[], { findings, skipped }: Counts, io: Io): void {
  const heads = ['when', 'until', 'who', 'session', 'decision', 'rule', 'mode', 'why']
  if (drafts.length > 0) io.out(printTable(heads, drafts.map(toRow), io.width))
  const people = new Set(drafts.map(({ actor }) => actor)).size
  io.say(`${findings} findings: ${drafts.length} responses about ${people} actors.`)
  if (skipped > 0)
    io.say(`${skipped} findings name somebody whom nobody proved; nothing is done about them.`)
}

function toRow(draft: Draft): readonly string[] {
  const { sinceMs, untilMs, actor, session, action, rule, mode, reason, heldBack } = draft
  return [
    toMinute(sinceMs),
    toMinute(untilMs),
    actor,
    session ?? '',
    action.kind,
    rule ?? '',
    heldBack === null ? mode : 'held back',
    reason,
  ]
}

function toMinute(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16)}Z`
}

function readFile(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  throw new TocsinError('cli.not_found', { public: `there is no file ${file}` })
}
