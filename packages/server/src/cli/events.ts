// `tocsin events`: search and tail, as a table for a person and as JSON for a program.

import { TocsinError } from '@tocsin/sdk/errors'
import { clientFor, parseAnswer } from './client.ts'
import { EXIT, type ExitCode, type Io, type Json } from './io.ts'
import { printTable, visible } from './table.ts'

type SearchFlags = Json & { readonly from?: string; readonly to?: string; readonly limit: string }

type Shown = {
  readonly id: string
  readonly time: number
  readonly kind: string
  readonly outcome: string
  readonly operation: string
  readonly status?: number
  readonly actor: { readonly id: string; readonly verified?: string; readonly claimed?: string }
  readonly model?: { readonly served?: string; readonly requested?: string }
  readonly resource?: readonly { readonly id?: string }[]
  readonly endpoint?: string
  readonly source?: { readonly ip?: string }
  readonly integrity?: { readonly index: number }
}

type Page = {
  readonly events: readonly Shown[]
  readonly next: string | null
  readonly complete: boolean
  readonly from: number
  readonly to: number
}

const PAGE_MAX = 1000

export async function searchEvents(query: string, flags: SearchFlags, io: Io): Promise<ExitCode> {
  const client = clientFor(io)
  const wanted = parseLimit(flags.limit)
  const events: Shown[] = []
  let page: Page | null = null
  do {
    const limit = String(Math.min(PAGE_MAX, wanted - events.length))
    const cursor: string | undefined = page?.next ?? undefined
    const { from, to } = flags
    const response = await client.get('/v1/events', { q: query, from, to, limit, cursor })
    const next = await parseAnswer<Page>(response)
    events.push(...next.events)
    page = next
  } while (page.next !== null && events.length < wanted)
  printFound(events, page, flags, io)
  if (page.complete) return EXIT.ok
  io.say('Partial: the index is still catching up; ask again in a moment.')
  return EXIT.partial
}

function printFound(events: readonly Shown[], page: Page, flags: SearchFlags, io: Io): void {
  if (flags.json) {
    io.out(`${JSON.stringify({ ...page, events })}\n`)
    return
  }
  if (events.length === 0) io.say('No event matches.')
  else io.out(printTable(HEADS, events.map(toRow), io.width))
  if (page.next !== null) io.say(`The newest ${events.length} of more; --limit shows further.`)
}

const HEADS = ['time', 'who', 'did', 'to', 'outcome', 'from', 'entry']

function toRow(event: Shown): readonly string[] {
  const { actor, model, resource, endpoint, status, source, integrity } = event
  const target = model?.served ?? model?.requested ?? resource?.[0]?.id ?? endpoint ?? ''
  const who = actor.claimed === undefined ? actor.id : `${actor.id} (claims ${actor.claimed})`
  return [
    new Date(event.time).toISOString(),
    who,
    `${event.kind} ${event.operation}`,
    target,
    status === undefined ? event.outcome : `${event.outcome} ${status}`,
    source?.ip ?? '',
    integrity === undefined ? '' : String(integrity.index),
  ]
}

export function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw new TocsinError('cli.usage', { public: '--limit takes a whole number from 1 on' })
}

const RECONNECT_MS = 1000

/** Goes on over a restart of the server: it asks for what came after the last event it saw. */
export async function tailEvents(query: string, flags: Json, io: Io): Promise<ExitCode> {
  const client = clientFor(io)
  let lastId: string | undefined
  for (let isFirst = true; ; isFirst = false) {
    try {
      const response = await client.get('/v1/events/tail', { q: query, 'last-event-id': lastId })
      for await (const message of readStream(response)) {
        if (message.id !== undefined) lastId = message.id
        printMessage(message, flags, io)
      }
    } catch (error) {
      // Only a server that was there once is waited for.
      if (isFirst) throw error
    }
    io.say('The stream ended; connecting again.')
    await new Promise(resolve => setTimeout(resolve, RECONNECT_MS))
  }
}

type Message = { readonly id?: string; readonly event: string; readonly data: string }

function printMessage({ event, data }: Message, flags: Json, io: Io): void {
  if (event === 'gap') io.say(`Gap: ${visible(data)}`)
  else if (flags.json) io.out(`${data}\n`)
  else io.out(`${toRow(JSON.parse(data)).slice(0, -1).map(visible).join('  ')}\n`)
}

/** Server-sent events (WHATWG HTML §9.2.6): blocks of `field: value` lines. */
async function* readStream(response: Response): AsyncGenerator<Message> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = parseBlock(block)
      if (message) yield message
    }
  }
}

function parseBlock(block: string): Message | null {
  let message: Message = { event: 'message', data: '' }
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? []
    if (name) message = { ...message, [name]: value }
  }
  return message.data === '' ? null : message
}
