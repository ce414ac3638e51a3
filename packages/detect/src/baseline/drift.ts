// stub
import type { Detector } from '../detector.ts'
import type { CorrelationRule } from '../rule.ts'

export function buildBaselineDrift(_rule: CorrelationRule): Detector<null, null> {
  return {
    openGroup: () => null,
    openCohort: () => null,
    step: () => null,
    saveGroup() {},
    loadGroup: () => null,
    saveCohort() {},
    loadCohort: () => null,
    describe: () => null,
  }
}
