// A plain table for a terminal: columns as wide as their content, cut to the width there is. What
// comes from events is hostile: control and bidirectional characters are shown, never obeyed.

const GAP = '  '
const COLUMN_CHARS_MAX = 60

/** Ends with a newline. Numbers (right-aligned) are columns whose cells are all digits. */
export function printTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const shown = rows.map(row => heads.map((_, i) => visible(row[i] ?? '')))
  const widths = heads.map((head, i) => {
    const cells = shown.map(row => row[i]?.length ?? 0)
    return Math.min(COLUMN_CHARS_MAX, Math.max(head.length, ...cells))
  })
  const isNumber = heads.map(
    (_, i) => shown.length > 0 && shown.every(r => /^\d+$/.test(r[i] ?? '')),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => fit(cell, widths[i] ?? 0, isNumber[i] ?? false))
      .join(GAP)
      .slice(0, width)
      .trimEnd()
  return `${[line(heads), ...shown.map(line)].join('\n')}\n`
}

function fit(cell: string, width: number, toRight: boolean): string {
  const cut = cell.length > width ? `${cell.slice(0, Math.max(0, width - 1))}…` : cell
  return toRight ? cut.padStart(width) : cut.padEnd(width)
}

/** Spells control characters and those that turn the direction of text as `\u{…}`. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    char => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
