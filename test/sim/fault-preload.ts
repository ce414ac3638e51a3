// Makes the n-th call of one kind fail, in every thread of the process that it is loaded into with
// --import. TOCSIN_FAULT is "<call> <errno> <n>", for instance "sync EIO 3"; with a fourth word
// "persisted" the call does its work before it fails. Says `fault <call> <path>` when it strikes.
// Only files below TOCSIN_FAULT_BELOW count.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [call = '', errno = '', nText = '', flavour = ''] = (process.env.TOCSIN_FAULT ?? '').split(
  ' ',
)
const below = process.env.TOCSIN_FAULT_BELOW ?? '/nowhere'
const n = Number(nText)
let calls = 0

type Anything = (...args: unknown[]) => unknown
type Names = { readonly [call: string]: readonly string[] }

/** The functions of node:fs that the server uses, by what the kernel is asked for. */
const SYNCHRONOUS: Names = {
  sync: ['fsyncSync', 'fdatasyncSync'],
  write: ['writeSync', 'writeFileSync', 'ftruncateSync'],
  open: ['openSync', 'mkdirSync'],
  rename: ['renameSync'],
  unlink: ['unlinkSync', 'rmSync'],
}
const CALLBACK: Names = {
  sync: ['fdatasync'],
  write: ['write', 'writev'],
}

const writeOut = fs.writeSync

function pathOf(target: unknown): string {
  if (typeof target !== 'number') return String(target)
  try {
    return fs.readlinkSync(`/proc/self/fd/${target}`)
  } catch {
    return ''
  }
}

/** The error to fail with, or null when it is not this call's turn. */
function strike(name: string, target: unknown): Error | null {
  const path = pathOf(target)
  if (!path.startsWith(below)) return null
  calls += 1
  if (calls !== n) return null
  writeOut(1, `fault ${name} ${path}\n`)
  const message = `${errno}: injected, ${name} '${path}'`
  return Object.assign(new Error(message), { code: errno, errno: -5, syscall: name })
}

// The module's functions are replaced by their names, which no type of it allows.
const table: { [name: string]: Anything } = Object(fs)

function replace(name: string, wrap: (real: Anything) => Anything): void {
  const real = table[name]
  if (!real) throw new Error(`node:fs has no ${name}`)
  const wrapped = wrap(real)
  // promisify asks the function itself what its callback gets.
  for (const symbol of Object.getOwnPropertySymbols(real)) {
    const property = Object.getOwnPropertyDescriptor(real, symbol)
    if (property) Object.defineProperty(wrapped, symbol, property)
  }
  table[name] = wrapped
}

for (const name of SYNCHRONOUS[call] ?? []) {
  replace(name, real => (...args) => {
    const error = strike(name, args[0])
    if (!error) return real(...args)
    if (flavour === 'persisted') real(...args)
    throw error
  })
}

for (const name of CALLBACK[call] ?? []) {
  replace(name, real => (...args) => {
    const error = strike(name, args[0])
    if (!error) return real(...args)
    const done = args.at(-1)
    const fail = () => typeof done === 'function' && done(error)
    if (flavour === 'persisted') real(...args.slice(0, -1), fail)
    else setImmediate(fail)
    return undefined
  })
}

syncBuiltinESMExports()
