// "Did you mean": the name that was probably meant.

const NEAR_DISTANCE_MAX = 3
/** Longer than any name; what is behind it cannot make a name nearer. */
const NAME_CHARS_MAX = 64

/** The name with the smallest edit distance, if it is small; the last part of a path counts too. */
export function nearestName(name: string, names: Iterable<string>): string | null {
  const wanted = name.slice(0, NAME_CHARS_MAX).toLowerCase()
  let best: string | null = null
  let least = NEAR_DISTANCE_MAX + 1
  for (const candidate of names) {
    const last = candidate.slice(candidate.lastIndexOf('.') + 1)
    const parts = [candidate, last].map(part => distance(wanted, part.toLowerCase()))
    const far = Math.min(...parts)
    if (far < least && far < wanted.length) {
      least = far
      best = candidate
    }
  }
  return best
}

/** Edit distance (Levenshtein 1966), by the table of Wagner and Fischer. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const cheapest = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same)
      next.push(cheapest)
    }
    row = next
  }
  return row[b.length] ?? 0
}
