// Keeps a few reads under way, so that a verifier waits for a disk or a network only once.

/** The results of `read(0)` … `read(count - 1)` in order, with at most `window` reads ahead. */
export async function* readAhead<T>(
  count: number,
  window: number,
  read: (index: number) => Promise<T>,
): AsyncGenerator<T, void> {
  const underWay: Promise<T>[] = []
  let next = 0
  while (next < count || underWay.length > 0) {
    while (next < count && underWay.length < window) {
      const result = read(next++)
      // Handled when its turn comes; if the caller stops before, nobody needs to know.
      result.catch(() => {})
      underWay.push(result)
    }
    const [first] = underWay.splice(0, 1)
    if (first !== undefined) yield await first
  }
}
