// The door to other threads of the browser. Under the pages' policy a worker's address must be
// vouched for by the trusted types policy `tocsin`, which lets through nothing but files of this
// server's own build. A worker does one job: it is handed an input, may tell how far it is, and
// answers once. Its file ends in `-worker.ts`, and its address comes from `import file from
// './x-worker.ts?worker&url'`.

export { ed25519, type FetchFile, logFiles } from './log-files.ts'
export { sha256 } from './sha256.ts'

type ScriptUrl = string & { readonly unit: 'ScriptUrl' }

type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (address: string) => string },
  ): { createScriptURL(address: string): ScriptUrl }
}

export type Job<Output> = {
  /** Rejects with `WorkerFault` when the worker fails, with an `AbortError` when it was stopped. */
  readonly result: Promise<Output>
  /** Ends the thread at once, wherever it is. */
  stop(): void
}

/** What went wrong over there, in its words. */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault'
}

/** Where a file of the build may be; anything else throws. */
export function ownAsset(address: string, base: string): string {
  const { origin, href, pathname } = new URL(address, base)
  const isOwn = origin === new URL(base).origin
  if (isOwn && /^\/(?:assets|src)\/[\w./-]+$/.test(pathname)) return href
  throw new Error(`${address} is no file of this console, so it is not run`)
}

/** One policy for the page: the browser refuses a second one of the same name. */
let trust: ((address: string) => string | ScriptUrl) | null = null

function trusted(address: string): string {
  if (!trust) {
    const rules = { createScriptURL: (one: string) => ownAsset(one, location.href) }
    const types = parseTrustedTypes(Reflect.get(globalThis, 'trustedTypes'))
    const policy = types?.createPolicy('tocsin', rules)
    trust = one => policy?.createScriptURL(one) ?? rules.createScriptURL(one)
  }
  return parseAddress(trust(address))
}

/** A browser without trusted types has none to ask. */
function parseTrustedTypes(value: unknown): TrustedTypes | null {
  return (value ?? null) as TrustedTypes | null
}

/** `Worker` takes the trusted object; its type knows only strings. */
function parseAddress(value: unknown): string {
  return value as string
}

export function startWorker(file: string): Worker {
  return new Worker(trusted(file), { type: 'module' })
}

type Told<Output, Progress> =
  | { readonly kind: 'progress'; readonly value: Progress }
  | { readonly kind: 'done'; readonly value: Output }
  | { readonly kind: 'failed'; readonly message: string }

/** Does `input` in a thread of its own, which ends with the job. */
export function runJob<Input, Output, Progress = never>(
  file: string,
  input: Input,
  heard: (progress: Progress) => void = () => undefined,
): Job<Output> {
  const worker = startWorker(file)
  const { promise: result, resolve, reject } = Promise.withResolvers<Output>()
  const end = () => worker.terminate()
  worker.onmessage = ({ data }) => {
    const told = parseTold<Output, Progress>(data)
    if (told.kind === 'progress') {
      heard(told.value)
      return
    }
    end()
    if (told.kind === 'done') resolve(told.value)
    else reject(new WorkerFault(told.message))
  }
  worker.onerror = event => {
    end()
    reject(new WorkerFault(event.message || 'the thread could not be started'))
  }
  worker.postMessage(input)
  const stop = () => {
    end()
    reject(new DOMException('it was stopped', 'AbortError'))
  }
  return { result, stop }
}

function parseTold<Output, Progress>(data: unknown): Told<Output, Progress> {
  return data as Told<Output, Progress>
}

/** To be called once, at the top of a worker's file. */
export function serveJob<Input, Output, Progress = never>(
  run: (input: Input, tell: (progress: Progress) => void) => Output | Promise<Output>,
): void {
  const say = (told: Told<Output, Progress>) => postMessage(told)
  addEventListener(
    'message',
    async ({ data }) => {
      try {
        const value = await run(parseInput<Input>(data), told => {
          say({ kind: 'progress', value: told })
        })
        say({ kind: 'done', value })
      } catch (error) {
        say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
      }
    },
    { once: true },
  )
}

function parseInput<Input>(data: unknown): Input {
  return data as Input
}
