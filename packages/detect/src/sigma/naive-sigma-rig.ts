// Sigma as its specification reads, for tests only: no compilation, no short cuts, every value of
// every field looked at each time. The compiled rules must agree with it on any event.

import type { SealedEvent } from '@tocsin/sdk/event'

type Data = { readonly [key: string]: unknown }

export function naiveMatch(detection: Data, event: SealedEvent): boolean {
  const holds = (name: string) => selection(detection[name], event)
  return condition(String(detection.condition), Object.keys(detection), holds)
}

function selection(value: unknown, event: SealedEvent): boolean {
  if (Array.isArray(value)) return value.some(item => selection(item, event))
  if (typeof value !== 'object' || value === null)
    return leaves(event).some(t => glob(value, t, ANYWHERE))
  return Object.entries(value).every(([key, wanted]) => item(key, wanted, event))
}

function item(key: string, wanted: unknown, event: SealedEvent): boolean {
  const [name = '', ...modifiers] = key.split('|')
  const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
  if (name === '') return list.every(word => leaves(event).some(text => glob(word, text, ANYWHERE)))
  const values = valuesAt(event, name.split('.'))
  if (modifiers.includes('exists')) return values.length > 0 === wanted
  const one = (value: unknown) => {
    if (value === null) return values.every(found => found === null || found === '')
    return values.some(found => compare(found, value, modifiers))
  }
  const result = modifiers.includes('all') ? list.every(one) : list.some(one)
  return modifiers.includes('neq') ? !result : result
}

function compare(found: unknown, wanted: unknown, modifiers: readonly string[]): boolean {
  const has = (name: string) => modifiers.includes(name)
  if (has('lt')) return typeof found === 'number' && found < Number(wanted)
  if (has('lte')) return typeof found === 'number' && found <= Number(wanted)
  if (has('gt')) return typeof found === 'number' && found > Number(wanted)
  if (has('gte')) return typeof found === 'number' && found >= Number(wanted)
  const around = {
    before: has('contains') || has('endswith'),
    after: has('contains') || has('startswith'),
  }
  if (found === null || typeof found === 'object') return false
  return glob(wanted, String(found), around, has('cased'))
}

function valuesAt(value: unknown, keys: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(one => valuesAt(one, keys))
  const [key, ...rest] = keys
  if (key === undefined) return value === undefined ? [] : [value]
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return []
  return valuesAt(Reflect.get(value, key), rest)
}

function leaves(value: unknown): readonly string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(leaves)
}

type Token = { readonly char: string } | 'any' | 'one'

function glob(wanted: unknown, text: string, around: Around, isCased = false): boolean {
  const fold = (one: string) =>
    isCased ? one : one.replace(/[A-Z]/g, letter => letter.toLowerCase())
  const tokens = tokensOf(fold(String(wanted)))
  const before: readonly Token[] = around.before ? ['any'] : []
  const after: readonly Token[] = around.after ? ['any'] : []
  return globFrom([...before, ...tokens, ...after], fold(text))
}

type Around = { readonly before: boolean; readonly after: boolean }
const ANYWHERE: Around = { before: true, after: true }

function tokensOf(pattern: string): readonly Token[] {
  const found = pattern.match(/\\[*?\\]|[\s\S]/g) ?? []
  return found.map(part => {
    if (part === '*') return 'any'
    return part === '?' ? 'one' : { char: part.slice(-1) }
  })
}

/** With every way to end a star tried. */
function globFrom([token, ...rest]: readonly Token[], text: string): boolean {
  if (token === undefined) return text === ''
  if (token === 'any') {
    for (let i = 0; i <= text.length; i++) if (globFrom(rest, text.slice(i))) return true
    return false
  }
  const isSame = token === 'one' || token.char === text.charAt(0)
  return text !== '' && isSame && globFrom(rest, text.slice(1))
}

type Holds = (name: string) => boolean

/** By JavaScript's own precedence of ! && ||, which is Sigma's. */
function condition(text: string, names: readonly string[], holds: Holds): boolean {
  const quantified = text.replace(/(1|any|all) of (\S+?)(?=\)|\s|$)/g, (_, count, pattern) => {
    const fitting = names.filter(name => {
      if (name === 'condition') return false
      if (name.startsWith('_') && !pattern.startsWith('_')) return false
      return pattern === 'them' || globFrom(tokensOf(pattern), name)
    })
    return String(count === 'all' ? fitting.every(holds) : fitting.some(holds))
  })
  const operators = new Map([
    ['and', '&&'],
    ['or', '||'],
    ['not', '!'],
  ])
  const script = quantified.replace(/[a-z_]\w*/g, word => {
    if (word === 'true' || word === 'false') return word
    return operators.get(word) ?? String(holds(word))
  })
  return Function(`return ${script}`)() === true
}
