// Rules about names and single lines: what nothing is called, how long a line is, and where the
// world may be asked.

import { basename } from 'node:path'
import { lineFinder, type Source } from './source.ts'

const BANNED_NAMES = /^(?:utils?|helpers?|shared|common|misc|types|index)$/
const LINE_CHARS_MAX = 100
/** A sentence for a person is not cut; the formatter leaves strings alone. */
const TEXT_LINE_CHARS_MAX = 125

export function nameFaults(paths: readonly string[]): readonly string[] {
  return paths.flatMap(path =>
    path
      .split('/')
      // What a browser asks for first has its name from the web.
      .filter(part => part !== 'index.html')
      .filter(part => BANNED_NAMES.test(basename(part).replace(/\..*$/, '')))
      .map(part => `${path}: nothing is called ${part}`),
  )
}

export function lineFaults({ path, text }: Source): readonly string[] {
  return text.split('\n').flatMap((line, i) => {
    const holdsText = /^[^/]*['"`].*['"`]/.test(line)
    const charsMax = holdsText ? TEXT_LINE_CHARS_MAX : LINE_CHARS_MAX
    return [...line].length > charsMax ? [`${path}:${i + 1}: over ${charsMax} characters`] : []
  })
}

/** A file that only hands on what others export. */
export function isBarrel({ code }: Source): boolean {
  const handsOn =
    /\b(?:import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})(?:\s+from\s*(['"])\s*\1)?/g
  return code.trim() !== '' && code.replaceAll(handsOn, '').replaceAll(/[\s;]/g, '') === ''
}

type WorldRule = {
  readonly name: string
  readonly what: RegExp
  /** Where it may be asked. */
  readonly where: RegExp
}

const WORLD: readonly WorldRule[] = [
  {
    name: 'time',
    what: /\bDate\.now\(|\bnew Date\(\)/g,
    where: /\/(?:base|cli|sdk\/src\/node|console\/src\/clock)\//,
  },
  { name: 'chance', what: /\bMath\.random\(/g, where: /^nowhere$/ },
  {
    name: 'chance',
    what: /\brandom(?:Bytes|UUID|Fill|FillSync|Int)\(|\bgetRandomValues\(/g,
    where: /\/(?:base|sdk\/src\/node)\//,
  },
  { name: 'environment', what: /\bprocess\.env\b/g, where: /\/config\.ts$/ },
  { name: 'terminal', what: /\bconsole\.\w+\(/g, where: /\/cli\// },
  {
    name: 'process',
    what: /\bprocess\.(?:std(?:in|out|err)|argv|exit|exitCode|cwd|chdir|kill)\b/g,
    where: /\/cli\/|\/main\.ts$|\/base\//,
  },
  {
    name: 'network',
    what: /(?<![\w.])fetch\(/g,
    where: /\/(?:cli|sdk\/src\/node|console\/src\/(?:api|worker))\//,
  },
]

/** One sentence per place where a product's file asks the world instead of being handed it. */
export function worldFaults({ path, js }: Source): readonly string[] {
  const lineAt = lineFinder(js)
  // A function of that name may be handed in, too.
  const ownFetch = /\b(?:const|let|function)\s+fetch\b|[({,]\s*fetch\s*[,})=]/.test(js)
  const rules = WORLD.filter(
    ({ name, where }) => !where.test(path) && !(name === 'network' && ownFetch),
  )
  return rules.flatMap(({ name, what }) =>
    [...js.matchAll(what)].map(
      match => `${path}:${lineAt(match.index)}: ${name} is handed in, not asked (${match[0]})`,
    ),
  )
}
