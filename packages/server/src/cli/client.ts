// A client command's way to its server: finds it, speaks JSON with it, and turns what goes wrong
// into one sentence.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import { type ClientConfig, dataDirectory, parseClientConfig } from '../config.ts'
import type { Io } from './io.ts'

export interface Client {
  readonly url: string
  /** Throws `cli.unreachable`, or the error the server named. */
  get(path: string, query?: { readonly [name: string]: string | undefined }): Promise<Response>
  post(path: string, body: string | Uint8Array, type: string): Promise<Response>
  remove(path: string): Promise<Response>
}

/** Directories in which a server of this machine may have left its address for its owner. */
export function clientFor(io: Io, dataDir?: string): Client {
  const candidates = [dataDirectory(dataDir, io.env)]
  if (dataDir === undefined && !io.env.TOCSIN_DATA)
    candidates.push(dataDirectory('tocsin-demo', {}))
  return buildClient(parseClientConfig(io.env, candidates))
}

export function buildClient({ url, apiKey }: ClientConfig): Client {
  const headers: { [name: string]: string } = apiKey ? { authorization: `Bearer ${apiKey}` } : {}

  async function send(path: string, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await fetch(`${url}${path}`, init)
    } catch (cause) {
      throw new TocsinError('cli.unreachable', { public: `no server answers at ${url}`, cause })
    }
    if (response.ok || response.status === 207) return response
    throw await errorOf(response)
  }

  return {
    url,
    get(path, query = {}) {
      const params = new URLSearchParams()
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) params.set(name, value)
      const search = params.size === 0 ? '' : `?${params}`
      return send(`${path}${search}`, { headers })
    },
    post: (path, body, type) =>
      send(path, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      }),
    remove: path => send(path, { method: 'DELETE', headers }),
  }
}

/** The server's answer, whose shape its OpenAPI document promises. */
export async function parseAnswer<T>(response: Response): Promise<T> {
  return (await response.json()) as T
}

async function errorOf(response: Response): Promise<TocsinError> {
  const text = await response.text()
  const problem = parseProblem(text)
  const code = problem.code !== undefined && problem.code in ERRORS ? problem.code : 'internal.bug'
  return new TocsinError(code as ErrorCode, {
    public: problem.detail ?? `the server answered ${response.status}`,
    internal: text.slice(0, 1000),
  })
}

function parseProblem(text: string): { readonly code?: string; readonly detail?: string } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return {}
    const code = 'code' in value ? { code: String(value.code) } : {}
    return 'detail' in value ? { ...code, detail: String(value.detail) } : code
  } catch {
    return {}
  }
}
