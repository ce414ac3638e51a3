// Keeps what is dear to make and often asked for: at most twice `max` entries in two generations.
// When the younger one is full the older one goes, so what is in use stays without any bookkeeping.

export class KeyCache<T> {
  readonly #max: number
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  constructor(max: number) {
    this.#max = max
  }

  get(name: string): T | undefined {
    const found = this.#young.get(name)
    if (found !== undefined) return found
    const older = this.#old.get(name)
    if (older !== undefined) this.set(name, older)
    return older
  }

  set(name: string, value: T): void {
    if (this.#young.size >= this.#max) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, value)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
