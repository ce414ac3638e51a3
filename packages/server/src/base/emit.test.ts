import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTelemetry, METRICS } from './emit.ts'

const silent = () => createTelemetry(() => {})

describe('telemetry', () => {
  it('adds counters, sets gauges, keeps label sets apart', () => {
    const telemetry = silent()
    telemetry.add('capture.events', 2, { via: 'http', fate: 'stored' })
    telemetry.add('capture.events', 3, { fate: 'stored', via: 'http' })
    telemetry.add('capture.events', 1, { via: 'http', fate: 'refused' })
    telemetry.set('log.size', 5)
    telemetry.set('log.size', 4)
    assert.equal(telemetry.get('capture.events', { via: 'http', fate: 'stored' }), 5)
    assert.equal(telemetry.get('capture.events', { via: 'http', fate: 'refused' }), 1)
    assert.equal(telemetry.get('capture.events', { via: 'file', fate: 'stored' }), 0)
    assert.equal(telemetry.get('log.size'), 4)
  })

  it("is rendered in Prometheus' text format, each name explained once", () => {
    const telemetry = silent()
    telemetry.add('capture.events', 2, { via: 'http', fate: 'stored' })
    telemetry.add('capture.events', 1, { via: 'a"b\\c\nd', fate: 'refused' })
    telemetry.set('log.size', 7)
    assert.equal(
      telemetry.render(),
      [
        `# HELP tocsin_capture_events_total ${METRICS['capture.events'].help}`,
        '# TYPE tocsin_capture_events_total counter',
        'tocsin_capture_events_total{via="http",fate="stored"} 2',
        'tocsin_capture_events_total{via="a\\"b\\\\c\\nd",fate="refused"} 1',
        `# HELP tocsin_log_size ${METRICS['log.size'].help}`,
        '# TYPE tocsin_log_size gauge',
        'tocsin_log_size 7',
        '',
      ].join('\n'),
    )
  })

  it('stays bounded and loses no count when a label takes endless values', () => {
    const telemetry = silent()
    for (let i = 0; i < 5000; i++) {
      telemetry.add('capture.requests', 1, { code: `code-${i}-${'x'.repeat(500)}` })
    }
    const lines = telemetry
      .render()
      .split('\n')
      .filter(line => !line.startsWith('#') && line)
    assert.ok(lines.length <= 1001)
    assert.ok(lines.every(line => line.length < 200))
    assert.equal(
      lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
      5000,
    )
  })

  it('hands sentences to whoever writes them', () => {
    const said: string[] = []
    createTelemetry((level, sentence) => said.push(`${level}: ${sentence}`)).report('warn', 'hm.')
    assert.deepEqual(said, ['warn: hm.'])
  })
})
