// Tags of rules as their makers write them: `atlas.aml-t0025` is ATLAS AML.T0025. Pure.

const MAKERS: readonly (readonly [prefix: string, name: string])[] = [
  ['atlas.', 'ATLAS'],
  ['attack.', 'ATT&CK'],
  ['owasp-llm.', 'OWASP'],
  ['owasp-asi.', 'OWASP'],
  ['owasp-mcp.', 'OWASP'],
  ['aisvs.', 'AISVS'],
]

export function tagWords(tag: string): string {
  const maker = MAKERS.find(([prefix]) => tag.startsWith(prefix))
  if (!maker) return tag
  const [prefix, name] = maker
  const id = tag.slice(prefix.length).toUpperCase()
  return `${name} ${name === 'ATLAS' ? id.replace('-', '.') : id.replace(/-(\d{4})$/, ':$1')}`
}
