// What an operator sets: flags over TOCSIN_* variables over defaults, merged once, checked before
// anything opens. The only place that reads the environment.

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TocsinError } from '@tocsin/sdk/errors'

export const DEFAULT_LISTEN = '127.0.0.1:7117'
const DEFAULT_DATA = 'tocsin-data'

export type Environment = { readonly [name: string]: string | undefined }

export type TlsFiles = { readonly cert: string; readonly key: string }

export type FollowedFile = { readonly format: string; readonly path: string }

export type ServerConfig = {
  readonly dataDir: string
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | null
  readonly follow: readonly FollowedFile[]
  readonly keepContent: boolean
  /** Directories of rules: those of the product, then the operator's own. */
  readonly rules: readonly string[]
  /** Alerts a day that people can look at; null where nobody said. */
  readonly alertBudget: number | null
  /** Policy file; the product's own, in dry run, where null. */
  readonly policy: string | null
}

export type ServeFlags = {
  readonly data?: string
  readonly listen?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowPlainHttp?: boolean
  readonly follow?: readonly string[]
  readonly keepContent?: boolean
  readonly rules?: string
  readonly alertBudget?: string
  readonly policy?: string
}

export function environment(): Environment {
  return process.env
}

export function parseServerConfig(flags: ServeFlags, env: Environment): ServerConfig {
  const { host, port } = parseListen(flags.listen ?? env.TOCSIN_LISTEN ?? DEFAULT_LISTEN)
  const tls = parseTls(flags)
  if (!isLoopback(host) && !tls && !flags.allowPlainHttp) {
    throw new TocsinError('config.plain_listen', {
      public:
        `${host} can be reached from other machines: give --tls-cert FILE and --tls-key FILE, ` +
        'or --allow-plain-http when something in front does TLS',
    })
  }
  const follow = flags.follow ?? (env.TOCSIN_FOLLOW ? env.TOCSIN_FOLLOW.split(',') : [])
  return {
    dataDir: dataDirectory(flags.data, env),
    host,
    port,
    tls,
    follow: follow.map(parseFollow),
    keepContent: flags.keepContent ?? env.TOCSIN_KEEP_CONTENT === '1',
    rules: ruleDirectories(flags.rules ?? env.TOCSIN_RULES),
    alertBudget: budgetOf(flags.alertBudget ?? env.TOCSIN_ALERT_BUDGET),
    policy: parsePolicy(flags.policy ?? env.TOCSIN_POLICY),
  }
}

/** Where the product's own rules and its policy lie. */
export const PRODUCT_RULES: string = fileURLToPath(new URL('../../../rules', import.meta.url))

/** Where the build puts the console. */
export const CONSOLE_DIR: string = fileURLToPath(new URL('../../console/dist', import.meta.url))

export const DEMO_POLICY: string = fileURLToPath(new URL('../policies/demo.yml', import.meta.url))

export function ruleDirectories(own: string | undefined): readonly string[] {
  if (own === undefined) return [PRODUCT_RULES]
  if (existsSync(own)) return [PRODUCT_RULES, resolve(own)]
  throw new TocsinError('config.invalid', {
    public: `--rules ${JSON.stringify(own)}: there is no such directory`,
  })
}

export function budgetOf(text: string | undefined): number | null {
  return text === undefined ? null : parseBudget(text)
}

/** Throws `config.invalid` unless it is a number from 0.1 to 1000. */
export function parseBudget(text: string): number {
  const budget = Number(text)
  if (budget >= 0.1 && budget <= 1000) return budget
  throw new TocsinError('config.invalid', {
    public: `the budget of alerts a day is ${JSON.stringify(text)}; give a number from 0.1 to 1000`,
  })
}

function parsePolicy(path: string | undefined): string | null {
  if (path === undefined) return null
  if (existsSync(path)) return resolve(path)
  throw new TocsinError('config.invalid', {
    public: `--policy ${JSON.stringify(path)}: there is no such file`,
  })
}

export function dataDirectory(flag: string | undefined, env: Environment): string {
  return resolve(flag ?? env.TOCSIN_DATA ?? DEFAULT_DATA)
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:]+):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (!match || port > 65_535) {
    throw new TocsinError('config.invalid', {
      public: `TOCSIN_LISTEN is ${JSON.stringify(text)}; write it as host:port, like ${DEFAULT_LISTEN}`,
    })
  }
  const host = (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, '')
  return { host, port }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

function parseTls({ tlsCert, tlsKey }: ServeFlags): TlsFiles | null {
  if (tlsCert === undefined && tlsKey === undefined) return null
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new TocsinError('config.invalid', { public: 'give both --tls-cert and --tls-key' })
  }
  for (const path of [tlsCert, tlsKey]) {
    if (!existsSync(path)) {
      throw new TocsinError('config.invalid', { public: `the TLS file ${path} is not there` })
    }
  }
  return { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') }
}

function parseFollow(text: string): FollowedFile {
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1) {
    throw new TocsinError('config.invalid', {
      public: `--follow ${JSON.stringify(text)}: write format:path, like nginx-json:/var/log/nginx/tocsin.log`,
    })
  }
  return { format: text.slice(0, colon), path: resolve(text.slice(colon + 1)) }
}

/** Where a person keeps which logs they know: outside every data directory. */
export function knownLogsDirectory(env: Environment): string {
  const base = env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state')
  return join(base, 'tocsin')
}

export type ClientConfig = { readonly url: string; readonly apiKey: string | null }

/**
 * Where a client command finds its server: TOCSIN_URL and TOCSIN_API_KEY, else what a server on
 * this machine wrote into its data directory for its owner.
 */
export function parseClientConfig(env: Environment, candidates: readonly string[]): ClientConfig {
  if (env.TOCSIN_URL) {
    return { url: env.TOCSIN_URL.replace(/\/+$/, ''), apiKey: env.TOCSIN_API_KEY ?? null }
  }
  for (const directory of candidates) {
    const local = readLocal(directory)
    if (local) return { ...local, ...(env.TOCSIN_API_KEY ? { apiKey: env.TOCSIN_API_KEY } : {}) }
  }
  return { url: `http://${DEFAULT_LISTEN}`, apiKey: env.TOCSIN_API_KEY ?? null }
}

const LOCAL_FILE = 'local.json'

export function localFile(dataDir: string): string {
  return join(dataDir, LOCAL_FILE)
}

function readLocal(directory: string): ClientConfig | null {
  const path = localFile(directory)
  if (!existsSync(path)) return null
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (typeof value !== 'object' || value === null || !('url' in value)) return null
  return { url: String(value.url), apiKey: 'apiKey' in value ? String(value.apiKey) : null }
}
