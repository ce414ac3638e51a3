// A server with detectors on a directory, fed until it is killed: what watch-kill.test.ts kills.
// Arguments: directory, rules, the first event's number.

import { systemClock } from '../../packages/server/src/base/clock.ts'
import { createTelemetry } from '../../packages/server/src/base/emit.ts'
import { systemEntropy } from '../../packages/server/src/base/entropy.ts'
import { openTocsin, TENANT } from '../../packages/server/src/tocsin.ts'
import { openWatch } from '../../packages/server/src/watch/watch.ts'
import { bodyOf, EVENTS_PER_BODY } from './watch-traffic.ts'

const [directory = '', rules = '', first = '0', bodies = '1000000'] = process.argv.slice(2)
const telemetry = createTelemetry((_, sentence) => console.error(sentence))
const tocsin = await openTocsin(directory, {
  clock: systemClock,
  entropy: systemEntropy(),
  telemetry,
  onFatal: error => {
    throw error
  },
})
const watch = await openWatch({
  dataDir: directory,
  log: tocsin.log,
  store: tocsin.alerts,
  record: tocsin.record,
  telemetry,
  clock: systemClock,
  rules: [rules],
  budget: 10,
})
console.log('open')
const context = {
  tenant: TENANT,
  via: 'test',
  principal: 'test',
  mayAttest: true,
  keepContent: false,
}
let next = Number(first)
for (let left = Number(bodies); left > 0; left--) {
  await tocsin.capture.receive(bodyOf(next), context)
  next += EVENTS_PER_BODY
  console.log(`ack ${next}`)
}
await watch.settled()
await watch.close()
await tocsin.close()
console.log('closed')
