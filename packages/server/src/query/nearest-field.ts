// "Did you mean" for names of fields that are given beside a question.

import { FIELDS, type Field } from '@tocsin/sdk/event'
import { nearestName } from '@tocsin/sdk/query'

/** The field that fits whose name is next to this one; null where none is near. */
export function nearestField(name: string, fits: (field: Field) => boolean): string | null {
  return nearestName(
    name.slice(0, 60),
    FIELDS.filter(fits).map(({ path }) => path),
  )
}
