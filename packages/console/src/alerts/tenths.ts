// Points with one decimal that still add up to their sum as it is shown: what rounding leaves over
// goes to those that lost most by it. Pure.

export function tenths(parts: readonly number[], total: number): readonly string[] {
  const floors = parts.map(part => Math.floor(part * 10))
  const missing = Math.round(total * 10) - floors.reduce((sum, part) => sum + part, 0)
  const byRest = parts
    .map((part, i) => ({ i, rest: part * 10 - Math.floor(part * 10) }))
    .sort((a, b) => b.rest - a.rest)
  const raised = new Set(byRest.slice(0, Math.max(0, missing)).map(({ i }) => i))
  return floors.map((part, i) => ((part + (raised.has(i) ? 1 : 0)) / 10).toFixed(1))
}
