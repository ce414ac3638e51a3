// Makes docs/errors.md from the one table of errors, so that the page cannot go stale.

import { ERRORS, type Fault, mayRetry } from '../packages/sdk/src/errors.ts'

/** Who has to act, which is what a reader of the page wants to know first. */
const FAULTS: { readonly [fault in Fault]: string } = {
  caller: 'The sender: mend the request.',
  busy: 'Nobody: send again after the time in `Retry-After`.',
  peer: 'The operator, if it lasts: something that Tocsin talks to does not answer.',
  broken: 'The operator: what is stored or the machine is damaged.',
  bug: 'The developers: please report it with the `requestId`.',
}

export function errorPage(): string {
  const areas = Map.groupBy(Object.entries(ERRORS), ([code]) => code.split('.')[0] ?? '')
  const sections = [...areas]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([area, rows]) => {
      const sorted = rows.toSorted(([a], [b]) => (a < b ? -1 : 1))
      const lines = sorted.map(([code, { fault, status, help }]) => {
        const again = mayRetry(fault) ? 'yes' : 'no'
        return `| \`${code}\` | ${fault} | ${status} | ${again} | ${help.replaceAll('|', '\\|')} |`
      })
      return `## ${area}\n\n| code | fault | status | retry | what to do |\n|---|---|--:|---|---|\n${lines.join('\n')}\n`
    })
  const faults = Object.entries(FAULTS).map(([fault, who]) => `| ${fault} | ${who} |`)
  return `# Errors

Made by \`tools/error-docs.ts\` from \`packages/sdk/src/errors.ts\`; do not edit. The code stands in
the HTTP problem document (RFC 9457), in results per line, on the command line and in metrics. The
fault says who acts:

| fault | who acts |
|---|---|
${faults.join('\n')}

${sections.join('\n')}`
}
