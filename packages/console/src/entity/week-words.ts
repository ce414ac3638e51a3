// Two weeks of hours in one sentence: where one has much that the other never has. Pure.

const DAYS = ['Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays']
const NAMED_MAX = 3

/** 168 values each, Monday 00 UTC first; null where nothing is known. */
export function unusualHours(
  now: readonly number[],
  usual: readonly (number | null)[],
  many: string,
): string {
  if (usual.every(value => value === null))
    return 'What its week usually looks like is not known yet.'
  const fresh = now.flatMap((value, hour) => (value > 0 && usual[hour] === 0 ? [hour] : []))
  const active = usual.filter(value => value !== null && value > 0).length
  const known = `Usually it has ${many} in ${active} of the 168 hours of a week`
  if (fresh.length === 0) return `${known}; the newest 7 days have none in any other.`
  const heaviest = fresh.toSorted((a, b) => (now[b] ?? 0) - (now[a] ?? 0)).slice(0, NAMED_MAX)
  const more = fresh.length - heaviest.length
  const named = heaviest.map(hourWords).join(', ')
  return `${known}; now also in ${fresh.length} more: ${named}${more > 0 ? ' …' : ''}.`
}

function hourWords(hour: number): string {
  return `${DAYS[Math.floor(hour / 24)]} ${String(hour % 24).padStart(2, '0')}:00 UTC`
}
