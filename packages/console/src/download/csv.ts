// Tables as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe
// before it (OWASP, CSV injection): texts of the record are written by strangers.

export type Cell = string | number | boolean | null

export type Table = {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

const FORMULA = /^[=+\-@\t\r]/
const QUOTED = /[",\r\n]/

export function csvOf({ head, rows }: Table): string {
  return [head, ...rows].map(cells => `${cells.map(cellOf).join(',')}\r\n`).join('')
}

function cellOf(cell: Cell): string {
  if (cell === null) return ''
  // A negative number is a number.
  if (typeof cell !== 'string') return String(cell)
  const safe = FORMULA.test(cell) ? `'${cell}` : cell
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
