// Which detector runs a correlation of which type: one line each.

import { buildBaselineDrift, buildBaselineRatio } from './baseline/baseline.ts'
import type { BuildDetector, Detector } from './detector.ts'
import { buildFirstSeen, buildUnusualHour, buildUnusualSequence } from './novelty/novelty.ts'
import type { CorrelationRule, CorrelationType } from './rule.ts'
import { buildAbsence, buildEventCount, buildValueCount, buildValueSum } from './windows/windows.ts'

type AnyDetector = Detector<unknown, unknown>

const BUILDERS: { readonly [type in CorrelationType]: (rule: CorrelationRule) => unknown } = {
  event_count: buildEventCount,
  value_count: buildValueCount,
  value_sum: buildValueSum,
  baseline_ratio: buildBaselineRatio,
  baseline_drift: buildBaselineDrift,
  first_seen: buildFirstSeen,
  unusual_hour: buildUnusualHour,
  unusual_sequence: buildUnusualSequence,
  absence: buildAbsence,
}

export const buildDetector: BuildDetector = rule => parseDetector(BUILDERS[rule.type](rule))

/** A detector made the state that it is handed: the engine keeps it and does not look into it. */
function parseDetector(built: unknown): AnyDetector {
  return built as AnyDetector
}
