// Rules about single lines and names: what may not be written, and where the world may be asked.

import { basename } from 'node:path'
import { enclosingFunction, type Source } from './source.ts'

const BANNED_NAMES = /^(?:utils?|helpers?|shared|common|misc|types|index)$/
const LINE_CHARS_MAX = 100
/** A sentence for a person is not cut; the formatter leaves strings alone. */
const TEXT_LINE_CHARS_MAX = 125

export function nameFaults(paths: readonly string[]): readonly string[] {
  return paths.flatMap(path =>
    path
      .split('/')
      .filter(part => BANNED_NAMES.test(basename(part).replace(/\.\w+$/, '')))
      .map(part => `${path}: nothing is called ${part}`),
  )
}

export function lineFaults({ path, text }: Source): readonly string[] {
  return text.split('\n').flatMap((line, i) => {
    const holdsText = /^[^/]*['"`].*['"`]/.test(line)
    const isLong = [...line].length > (holdsText ? TEXT_LINE_CHARS_MAX : LINE_CHARS_MAX)
    return isLong ? [`${path}:${i + 1}: longer than ${LINE_CHARS_MAX} characters`] : []
  })
}

/** A file that only hands on what other folders export. */
export function isBarrel({ path, code }: Source): boolean {
  if (path.endsWith('.test.ts')) return false
  const lines = code.split('\n').filter(line => line.trim() !== '')
  const isHandOn = (line: string) =>
    /^(?:export \{|export type \{|export \*|\} from|\s+[\w\s,]+,?$)/.test(line)
  return lines.length > 0 && lines.every(isHandOn)
}

/** Where time, randomness, the network, the environment and the terminal may be asked. */
const WORLD: readonly { readonly what: RegExp; readonly where: RegExp }[] = [
  { what: /\bDate\.now\(/, where: /\/base\// },
  { what: /\bMath\.random\(/, where: /^never$/ },
  { what: /\bprocess\.env\b/, where: /\/config\.ts$/ },
  { what: /\bconsole\.\w+\(/, where: /^never$/ },
  { what: /(?<![\w.])fetch\((?!\))/, where: /\/(?:cli|node)\/|\/sdk\/src\/(?:verify|proof)\// },
]

export function worldFaults({ path, code }: Source): readonly string[] {
  return code
    .split('\n')
    .flatMap((line, i) =>
      WORLD.filter(({ what, where }) => what.test(line) && !where.test(path)).map(
        ({ what }) => `${path}:${i + 1}: ${what.source} is handed in, not asked for here`,
      ),
    )
}

export type Count = { readonly rule: string; readonly count: number }

/** What is not forbidden but may only become less: counted per file. */
export function ratchetCounts(source: Source): readonly Count[] {
  const { path, code } = source
  const lines = code.split('\n')
  const asLines = lines.flatMap((line, i) => {
    const isCast = /\bas (?!const\b)(?:[A-Z{(]|unknown|keyof|typeof|never)/.test(line)
    const isImport =
      /^\s*(?:import|export|type [\w]+ as)\b/.test(line) || /^\s*\w+ as \w+,?$/.test(line)
    return isCast && !isImport ? [i + 1] : []
  })
  const casts = asLines.filter(line => !enclosingFunction(source, line).startsWith('parse'))
  const counts = [
    { rule: 'as', count: casts.length },
    { rule: 'any', count: matches(code, /(?::|<|\bas) ?any\b/g) },
    { rule: 'non-null', count: matches(code, /[\w)\]]!(?=[.;,)\]\s[])(?!=)/g) },
    { rule: 'enum', count: matches(code, /^\s*(?:export )?(?:const )?enum /gm) },
  ]
  return path.endsWith('.test.ts') ? [] : counts.filter(({ count }) => count > 0)
}

function matches(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length
}
