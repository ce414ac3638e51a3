// Tags: the catalogues that rules refer to, and how an id of each is spelled. Whether ATLAS has an
// id is asked of its own file by a test; here only the spelling counts.

import { type Members, meant, quoted, type RuleReader } from './reading.ts'

type Catalogue = { readonly title: string; readonly spelling: RegExp; readonly example: string }

const CATALOGUES: { readonly [namespace: string]: Catalogue } = {
  atlas: {
    title: 'MITRE ATLAS',
    spelling: /^aml-t\d{4}(?:\.\d{3})?$/,
    example: 'atlas.aml-t0025',
  },
  'owasp-llm': {
    title: 'OWASP Top 10 for LLM Applications',
    spelling: /^llm(?:0[1-9]|10)-20\d\d$/,
    example: 'owasp-llm.llm02-2025',
  },
  'owasp-asi': {
    title: 'OWASP Top 10 for Agentic Applications',
    spelling: /^asi(?:0[1-9]|10)$/,
    example: 'owasp-asi.asi03',
  },
  'owasp-mcp': {
    title: 'OWASP MCP Top 10',
    spelling: /^mcp(?:0[1-9]|10)$/,
    example: 'owasp-mcp.mcp08',
  },
  aisvs: { title: 'OWASP AISVS', spelling: /^\d+(?:\.\d+){1,2}$/, example: 'aisvs.12.2.2' },
  attack: { title: 'MITRE ATT&CK', spelling: /^[a-z0-9.-]+$/, example: 'attack.t1078' },
  car: { title: 'MITRE CAR', spelling: /^[a-z0-9.-]+$/, example: 'car.2016-04-005' },
  cve: { title: 'CVE', spelling: /^\d{4}-\d{4,}$/, example: 'cve.2024-1234' },
  d3fend: { title: 'MITRE D3FEND', spelling: /^[a-z0-9.-]+$/, example: 'd3fend.d3-am' },
  detection: {
    title: 'kind of rule',
    spelling: /^[a-z0-9.-]+$/,
    example: 'detection.threat-hunting',
  },
  stp: { title: 'Summiting the Pyramid', spelling: /^[0-9a-z]+$/, example: 'stp.2a' },
  tlp: { title: 'Traffic Light Protocol', spelling: /^[a-z+-]+$/, example: 'tlp.amber' },
}

export function readTags(reader: RuleReader, map: Members): readonly string[] {
  const tags = reader.texts(map, [], 'tags')
  for (const [i, tag] of tags.entries()) {
    const [namespace = '', id = ''] = split(tag)
    const catalogue = Object.hasOwn(CATALOGUES, namespace) ? CATALOGUES[namespace] : undefined
    const names = Object.keys(CATALOGUES)
    if (!catalogue) {
      const fix = meant(namespace, names, `begin with one of ${names.join(', ')}`)
      reader.refuse(['tags', i], `the tag ${quoted(tag)} belongs to no catalogue`, fix)
    } else if (!catalogue.spelling.test(id)) {
      const fix = `spell it like ${catalogue.example}`
      reader.refuse(['tags', i], `${quoted(tag)} is no id of ${catalogue.title}`, fix)
    }
  }
  return tags
}

function split(tag: string): readonly [string, string] {
  const dot = tag.indexOf('.')
  return dot < 0 ? [tag, ''] : [tag.slice(0, dot), tag.slice(dot + 1)]
}

/** `MITRE ATLAS AML.T0025`: a tag as people know it. */
export function describeTag(tag: string): string {
  const [namespace, id] = split(tag)
  const catalogue = Object.hasOwn(CATALOGUES, namespace) ? CATALOGUES[namespace] : undefined
  if (!catalogue) return tag
  return `${catalogue.title} ${id.toUpperCase().replace('AML-', 'AML.').replace('-20', ':20')}`
}
