// Makes docs/errors.md from the one table of errors, so that the page cannot go stale.

import { ERRORS, mayRetry } from '../packages/sdk/src/errors.ts'

const FAULTS = {
  caller: 'the sender: mend the request',
  busy: 'nobody: send again later',
  peer: 'the operator, if it lasts',
  broken: 'the operator',
  bug: 'the developers',
} as const

export function errorPage(): string {
  const areas = Map.groupBy(Object.entries(ERRORS), ([code]) => code.split('.')[0] ?? '')
  const sections = [...areas]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([area, rows]) => {
      const lines = rows
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([code, { fault, status, help }]) => {
          const again = mayRetry(fault) ? 'yes' : 'no'
          return `| \`${code}\` | ${status} | ${FAULTS[fault]} | ${again} | ${help} |`
        })
      return `## ${area}\n\n| code | status | who acts | retry | what to do |\n|---|--:|---|---|---|\n${lines.join('\n')}\n`
    })
  return `# Errors

Made by \`tools/error-docs.ts\` from \`packages/sdk/src/errors.ts\`; do not edit. The code stands in the HTTP problem
document (RFC 9457), in results per line, on the command line and in metrics.

${sections.join('\n')}`
}
