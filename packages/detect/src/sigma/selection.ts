// Selections: what stands under `detection` beside the condition. A map is fields that must all
// match, a list of maps is alternatives, plain values are words looked for in the whole event.

import { type EventTest, everyTest, NEVER, someTest } from './event-test.ts'
import { readModifiers } from './modifiers.ts'
import { anyPattern, containing, isAnything, parsePattern } from './pattern.ts'
import { isMembers, type Members, own, type Path, type RuleReader } from './reading.ts'
import { readField, someLeaf } from './rule-field.ts'
import { readFieldTest } from './value-test.ts'

const ALTERNATIVES_MAX = 1000

export function readSelection(reader: RuleReader, value: unknown, path: Path): EventTest {
  if (Array.isArray(value)) return readAlternatives(reader, value, path)
  if (isMembers(value)) return readMap(reader, value, path)
  return readWords(reader, [value], path, { isAll: false })
}

function readAlternatives(reader: RuleReader, items: readonly unknown[], path: Path): EventTest {
  if (items.length === 0 || items.length > ALTERNATIVES_MAX) {
    reader.refuse(path, `a list of 1 to ${ALTERNATIVES_MAX} items must stand here`, 'fill it')
    return NEVER
  }
  if (!items.some(isMembers)) return readWords(reader, items, path, { isAll: false })
  const tests = items.map((item, i) =>
    isMembers(item)
      ? readMap(reader, item, [...path, i])
      : readWords(reader, [item], [...path, i], { isAll: false }),
  )
  return someTest(tests)
}

function readMap(reader: RuleReader, map: Members, path: Path): EventTest {
  const keys = Object.keys(map)
  if (keys.length === 0) {
    reader.refuse(path, 'the selection is empty', 'name at least one field')
    return NEVER
  }
  return everyTest(keys.map(key => readItem(reader, key, own(map, key), [...path, key])))
}

function readItem(reader: RuleReader, key: string, value: unknown, path: Path): EventTest {
  const [name = '', ...modifiers] = key.split('|')
  if (name === '') return readUnnamed(reader, modifiers, value, path)
  const field = readField(reader, name, path)
  const how = readModifiers(reader, modifiers, path)
  return field && how ? readFieldTest({ reader, path }, field, how, value) : NEVER
}

/** `'|all': [a, b]`: words that must all stand in the event. */
function readUnnamed(
  reader: RuleReader,
  modifiers: readonly string[],
  value: unknown,
  path: Path,
): EventTest {
  if (modifiers.join('|') !== 'all') {
    reader.refuse(path, 'a field is missing before the |', "name it; only '|all' stands alone")
    return NEVER
  }
  return readWords(reader, Array.isArray(value) ? value : [value], path, { isAll: true })
}

function readWords(
  reader: RuleReader,
  words: readonly unknown[],
  path: Path,
  { isAll }: { readonly isAll: boolean },
): EventTest {
  const patterns = words.flatMap((word, i) => {
    const pattern =
      typeof word === 'string' || typeof word === 'number' ? parsePattern(String(word)) : null
    const isWord = pattern !== null && !isAnything(containing(pattern))
    if (isWord) return [containing(pattern)]
    reader.refuse([...path, i], 'a word to look for must be text or a number', 'write it in quotes')
    return []
  })
  const tests = isAll ? patterns.map(one => [one]) : [patterns]
  return everyTest(tests.map(some => ({ matches: someLeaf(anyPattern(some, false)), kinds: null })))
}
