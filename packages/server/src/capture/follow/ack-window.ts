// Batches that were given out and are not yet durable. They may become durable in any order; what
// is acknowledged moves in the order in which they were given out, so a position never passes a
// line that could still be lost.

export class AckWindow {
  readonly #sizeMax: number
  readonly #waiting: Promise<void>[] = []
  readonly #failed: PromiseWithResolvers<never> = Promise.withResolvers()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
    this.failed.catch(() => {})
  }

  /** Rejects as soon as a batch does; never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  /**
   * Takes a batch in; waits while the window is full. `acknowledged` is called once this batch and
   * all before it are durable. Rejects with the failure of an earlier batch, for good.
   */
  async add(durable: Promise<void>, acknowledged: () => void): Promise<void> {
    const before = this.#waiting[this.#waiting.length - 1]
    const done = Promise.all([before, durable]).then(acknowledged)
    // Also reported by whoever awaits it below; until then it must not count as unhandled.
    done.catch(this.#failed.reject)
    this.#waiting.push(done)
    while (this.#waiting.length >= this.#sizeMax) {
      await this.#waiting[0]
      this.#waiting.shift()
    }
  }

  /** Waits until everything is durable. Rejects like `add`. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#waiting[0]
      this.#waiting.shift()
    }
  }
}
