// Telemetry: every metric is declared once in the table below, counted anywhere, and shown at
// /metrics in Prometheus' text format. Sentences for the operator go through `report`. No content,
// no identity and no secret may be a label or part of a sentence.

export const METRICS = {
  'capture.events': {
    kind: 'counter',
    help: 'Events by receiver and fate',
    labels: ['via', 'fate'],
  },
  'capture.requests': {
    kind: 'counter',
    help: 'Requests refused as a whole, by reason',
    labels: ['code'],
  },
  'capture.file_bytes': { kind: 'gauge', help: 'Position in a followed file', labels: ['source'] },
  'capture.gaps': { kind: 'counter', help: 'Known gaps by reason', labels: ['reason'] },
  'capture.quarantine_lines': { kind: 'counter', help: 'Refused lines by fate', labels: ['fate'] },
  'log.size': { kind: 'gauge', help: 'Durable entries of the current shard', labels: [] },
  'log.checkpoint_size': { kind: 'gauge', help: 'Entries under the newest checkpoint', labels: [] },
  'log.checkpoint_time_ms': { kind: 'gauge', help: 'When it was signed', labels: [] },
  'log.commits': { kind: 'counter', help: 'Group commits', labels: [] },
  'log.commit_seconds': { kind: 'counter', help: 'Time spent in write and fdatasync', labels: [] },
  'log.wal_cut_bytes': {
    kind: 'counter',
    help: 'Unacknowledged bytes cut off at start',
    labels: [],
  },
  'log.disk_full': {
    kind: 'counter',
    help: 'Writes refused because the disk was full',
    labels: [],
  },
  'query.disk_full': {
    kind: 'counter',
    help: 'Writes of the index put off because the disk was full',
    labels: [],
  },
  'query.indexed_size': { kind: 'gauge', help: 'Entries that can be searched', labels: [] },
  'watch.size': { kind: 'gauge', help: 'Entries that the detectors looked at', labels: [] },
  'watch.findings': { kind: 'counter', help: 'Findings by rule', labels: ['rule'] },
  'watch.entities': { kind: 'gauge', help: 'Entities with a baseline', labels: [] },
  'watch.evicted': { kind: 'gauge', help: 'Entities given up for lack of room', labels: [] },
  'watch.late_events': { kind: 'gauge', help: 'Events too late for any window', labels: [] },
  'watch.repeats': { kind: 'gauge', help: 'Findings held back as repeats', labels: [] },
  'watch.threshold': { kind: 'gauge', help: 'Risk at which an entity has an alert', labels: [] },
  'watch.expected_per_day': { kind: 'gauge', help: 'Alerts a day to be expected', labels: [] },
  'watch.realised_per_day': { kind: 'gauge', help: 'Alerts a day that came', labels: [] },
  'http.requests': {
    kind: 'counter',
    help: 'Requests by route and status',
    labels: ['route', 'status'],
  },
  'http.request_seconds': { kind: 'counter', help: 'Time spent on requests', labels: ['route'] },
  'process.resident_bytes': { kind: 'gauge', help: 'Resident memory', labels: [] },
  'process.cpu_seconds': { kind: 'gauge', help: 'CPU time used since start', labels: [] },
} as const

export type MetricName = keyof typeof METRICS
export type Labels = { readonly [label: string]: string | number }
export type Level = 'info' | 'warn' | 'error'

export interface Telemetry {
  add(name: MetricName, value: number, labels?: Labels): void
  set(name: MetricName, value: number, labels?: Labels): void
  get(name: MetricName, labels?: Labels): number
  /** One sentence for the operator: what happened, what it means, what to do. */
  report(level: Level, sentence: string): void
  /** The whole table in Prometheus' text exposition format 0.0.4. */
  render(): string
}

/** A label set is bounded, so that a hostile sender cannot grow the table. */
const SERIES_MAX = 1000

export function createTelemetry(write: (level: Level, sentence: string) => void): Telemetry {
  const series = new Map<MetricName, Map<string, number>>()
  function slot(name: MetricName, labels: Labels): [Map<string, number>, string] {
    const values = series.get(name) ?? new Map<string, number>()
    series.set(name, values)
    const key = labelText(name, labels)
    return [values, values.has(key) || values.size < SERIES_MAX ? key : labelText(name, {})]
  }
  return {
    add(name, value, labels = {}) {
      const [values, key] = slot(name, labels)
      values.set(key, (values.get(key) ?? 0) + value)
    },
    set(name, value, labels = {}) {
      const [values, key] = slot(name, labels)
      values.set(key, value)
    },
    get(name, labels = {}) {
      return series.get(name)?.get(labelText(name, labels)) ?? 0
    },
    report: write,
    render: () => render(series),
  }
}

function labelText(name: MetricName, labels: Labels): string {
  const pairs = METRICS[name].labels.map(label => `${label}="${escaped(labels[label] ?? '')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string | number): string {
  return String(value)
    .slice(0, 120)
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
}

function render(series: ReadonlyMap<MetricName, ReadonlyMap<string, number>>): string {
  let text = ''
  for (const [name, values] of series) {
    const { help, kind } = METRICS[name]
    const flat = `tocsin_${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`
    text += `# HELP ${flat} ${help}\n# TYPE ${flat} ${kind}\n`
    for (const [labels, value] of values) text += `${flat}${labels} ${value}\n`
  }
  return text
}
