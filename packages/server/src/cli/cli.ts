// The command line: one file per command, loaded only when it runs. The one place where an error
// becomes a sentence on stderr and an exit code (docs/cli.md): 0 ok, 1 error, 2 usage, 3 broken log
// or other findings, 4 sign-in needed, 5 not found, 6 partial, 7 server unreachable.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import { Command, CommanderError } from 'commander'
import { environment } from '../config.ts'
import { VERSION } from '../version.ts'
import { type Adding, dataOption, jsonOption, rulesOption } from './adding.ts'
import { addAlertCommands } from './alert-commands.ts'
import { EXIT, type ExitCode, type Io } from './io.ts'
import { addResponseCommands } from './response-commands.ts'
import { addRuleCommands } from './rule-commands.ts'

export async function runCli(args: readonly string[]): Promise<ExitCode> {
  const io = processIo()
  let code: ExitCode = EXIT.ok
  const program = buildProgram(io, done => {
    code = done
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    return explain(error, io, args.includes('--json'))
  }
}

function processIo(): Io {
  // A reader that closes the pipe early (head) is no error of ours.
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    env: environment(),
    out: text => process.stdout.write(text),
    say: text => process.stderr.write(`${text}\n`),
    isTerminal: process.stdout.isTTY === true,
    // A file or a pipe has no edge at which to cut.
    width: process.stdout.columns ?? Number.POSITIVE_INFINITY,
  }
}

function buildProgram(io: Io, done: Adding['done']): Command {
  const program = new Command('tocsin')
    .description('The flight recorder and alarm of AI systems')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: text => io.say(text.trimEnd()) })
    .showSuggestionAfterError()
  const adding = { io, done }
  addServe(program, adding)
  addData(program, adding)
  addEvents(program, adding)
  addAlertCommands(program, adding)
  addResponseCommands(program, adding)
  addRuleCommands(program, adding)
  addKeys(program, adding)
  addCapture(program, adding)
  return program
}

function addServe(program: Command, { io, done }: Adding): void {
  const serve = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .addOption(dataOption())
      .option('--listen <host:port>', 'address to listen on (TOCSIN_LISTEN)')
      .option('--tls-cert <file>', 'TLS certificate (PEM)')
      .option('--tls-key <file>', 'TLS key (PEM)')
      .option('--allow-plain-http', 'listen beyond this machine without TLS')
      .option('--keep-content', 'store prompts and answers, not only their hashes')
      .addOption(rulesOption())
      .option('--alert-budget <n>', 'alerts a day that people can look at (TOCSIN_ALERT_BUDGET)')
      .option('--policy <file>', 'what is done about findings (TOCSIN_POLICY)')
  serve('serve', 'Run the server')
    .option('--follow <format:file>', 'follow a log file; may be repeated', collect, [])
    .action(async flags => done(await (await import('./serve.ts')).serve(flags, io)))
  serve('demo', 'Run the server on a month of made-up traffic')
    .option('--seed <n>', 'seed of the made-up world', '1')
    .action(async flags => done(await (await import('./demo.ts')).demo(flags, io)))
  program
    .command('sign-in')
    .description('Print a link that signs in whoever opens it first, within 15 minutes')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./sign-in.ts')).signIn(flags, io)))
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function addData(program: Command, { io, done }: Adding): void {
  program
    .command('verify <where>')
    .description(
      'Check a log: a data directory, a shard, or a URL; or the receipt of an event. Needs no server',
    )
    .option('--vkey <file>', 'file with the verifier key of the log')
    .option('--since <file>', 'an earlier checkpoint that the log must still contain')
    .option('--trust-directory', 'take the key that lies beside the log (shows less)')
    .addOption(jsonOption())
    .action(async (where, flags) =>
      done(await (await import('./verify.ts')).verify(where, flags, io)),
    )
  program
    .command('import <file>')
    .description('Store the events of a log file; repeating it stores nothing twice')
    .requiredOption('--format <name>', 'nginx-json, combined or jsonl')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (file, flags) => {
      done(await (await import('./import.ts')).importFile(file, flags, io))
    })
  program
    .command('summary <where>')
    .description('Requests, failures, bytes, first and last seen: of a file, directory or server')
    .option('--by <fields>', 'fields to group by, comma-separated', 'actor.id')
    .option('--query <q>', 'only events that match', '*')
    .option('--from <time>', 'start of the range')
    .option('--to <time>', 'end of the range')
    .option('--limit <n>', 'most groups', '50')
    .option('--format <name>', 'format of a file, where it cannot be told')
    .addOption(jsonOption())
    .action(async (where, flags) => {
      done(await (await import('./summary.ts')).summary(where, flags, io))
    })
}

function addEvents(program: Command, { io, done }: Adding): void {
  const events = program.command('events').description('Search and follow events')
  events
    .command('search <query>')
    .description("Search: 'actor.id:svc-* and operation:read and not outcome:success'; '*' is all")
    .option('--from <time>', 'start: 2026-11-24T08:00Z, ms, or now-24h')
    .option('--to <time>', 'end, exclusive')
    .option('--limit <n>', 'most events', '20')
    .addOption(jsonOption())
    .action(async (query, flags) => {
      done(await (await import('./events.ts')).searchEvents(query, flags, io))
    })
  events
    .command('tail [query]')
    .description('Show events as they arrive')
    .addOption(jsonOption())
    .action(async (query, flags) => {
      done(await (await import('./events.ts')).tailEvents(query ?? '*', flags, io))
    })
}

function addKeys(program: Command, { io, done }: Adding): void {
  const keys = program.command('keys').description('API keys')
  keys
    .command('create')
    .description('Make an API key and show it once')
    .requiredOption('--name <name>', 'what or who will use it')
    .requiredOption(
      '--scope <scopes>',
      'ingest,attest,read,content:reveal,decide,triage,rules,admin',
    )
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./keys.ts')).createKeys(flags, io)))
  keys
    .command('list')
    .description('List API keys, without their secrets')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./keys.ts')).listKeys(flags, io)))
  keys
    .command('revoke <key-id>')
    .description('Revoke an API key')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (id, flags) => done(await (await import('./keys.ts')).revokeKey(id, flags, io)))
}

function addCapture(program: Command, { io, done }: Adding): void {
  program
    .command('capture')
    .description('Try a source before it is connected')
    .command('test <format> <file>')
    .description('Show how a sample is understood, field by field, and what is missing')
    .addOption(jsonOption())
    .action(async (format, file, flags) => {
      done(await (await import('./capture-test.ts')).captureTest(format, file, flags, io))
    })
}

function explain(error: unknown, io: Io, asJson: boolean): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (!(error instanceof TocsinError)) {
    io.say(`tocsin: a defect in Tocsin: ${error instanceof Error ? error.stack : String(error)}`)
    return EXIT.error
  }
  const { code, message, status } = error
  if (asJson) io.say(JSON.stringify({ code, detail: message, status, help: ERRORS[code].help }))
  else io.say(`tocsin: ${message}\n  ${ERRORS[code].help} (${code})`)
  return exitCodeOf(code)
}

const USAGE: ReadonlySet<string> = new Set([
  'cli.usage',
  'config.invalid',
  'capture.unknown_format',
  'jobs.malformed',
  'policy.invalid',
])
const NOT_FOUND: ReadonlySet<string> = new Set([
  'cli.not_found',
  'event.unknown',
  'alert.unknown',
  'entity.unknown',
  'jobs.unknown',
  'respond.unknown',
])
const SIGN_IN: ReadonlySet<string> = new Set(['auth.missing', 'auth.invalid', 'auth.scope'])

function exitCodeOf(code: ErrorCode): ExitCode {
  if (USAGE.has(code) || code.startsWith('query.')) return EXIT.usage
  if (SIGN_IN.has(code)) return EXIT.signIn
  if (NOT_FOUND.has(code)) return EXIT.notFound
  return code === 'cli.unreachable' ? EXIT.unreachable : EXIT.error
}
