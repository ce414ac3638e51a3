// Worker threads with typed messages. A worker's file lies beside the module that starts it; only
// that module may load it. Between threads travel bytes in transferred buffers and small plain
// objects, never trees of objects.

import { parentPort, Worker, workerData } from 'node:worker_threads'

export type Transfer = readonly ArrayBuffer[]

export interface Thread<In, Out> {
  /**
   * Messages arrive in the order in which they were sent; those to a thread that has ended are
   * lost.
   */
  send(message: In, transfer?: Transfer): void
  onMessage(listener: (message: Out) => void): void
  /**
   * Called once when the thread ends in any way but by `stop`. An end by an error that nobody
   * listens for ends the process.
   */
  onFailure(listener: (error: Error) => void): void
  /** Ends the thread where it stands; resolves when it has ended. */
  stop(): Promise<void>
}

/**
 * `here` is the caller's import.meta.url: the worker has the same extension, in source and built.
 */
export function startThread<In, Out>(here: string, file: string, data: unknown): Thread<In, Out> {
  const extension = here.slice(here.lastIndexOf('.'))
  const worker = new Worker(new URL(`./${file}${extension}`, here), { workerData: data })
  const failureListeners: ((error: Error) => void)[] = []
  let hasEnded = false

  function fail(error: Error): void {
    if (hasEnded) return
    hasEnded = true
    if (failureListeners.length === 0) throw error
    for (const listener of failureListeners) listener(error)
  }

  worker.on('error', cause => fail(cause instanceof Error ? cause : new Error(String(cause))))
  worker.on('exit', code => fail(new Error(`the thread ${file} ended with code ${code}`)))
  return {
    send: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: listener => worker.on('message', listener),
    onFailure: listener => failureListeners.push(listener),
    stop: async () => {
      hasEnded = true
      await worker.terminate()
    },
  }
}

/** The other side: what the worker was started with, and its way to answer. */
export function thisThread<In, Out, Data>(): {
  readonly data: Data
  send(message: Out, transfer?: Transfer): void
  onMessage(listener: (message: In) => void): void
} {
  const port = parentPort
  if (!port) throw new Error('this file runs only as a worker thread')
  return {
    data: workerData as Data,
    send: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: listener => port.on('message', listener),
  }
}
