// A story: an attack that happens once, at a place fixed against a "now", with a strength. What all
// stories share is here: when they happen, how strong they are, and how much is ordinary for the
// account they happen to.

import { DAY_MS, weekday } from '../calendar.ts'
import type { Person, Service } from '../cast.ts'
import type { Draft } from '../draft.ts'
import { personDay } from '../person-day.ts'
import { type Random, randomOf } from '../random.ts'
import { serviceDay } from '../services.ts'
import type { Campaign, CampaignDay } from './campaign.ts'

export type Strength = 'weak' | 'medium' | 'strong'

export type Anchor = {
  /** The end of the history: its stories lie before it. */
  readonly nowMs: number
  readonly strength: Strength
}

/** The label's number, and how many times its own ordinary day an account does. */
type Force = { readonly label: number; readonly times: number }

export const FORCES: { readonly [strength in Strength]: Force } = {
  weak: { label: 0.3, times: 5 },
  medium: { label: 0.6, times: 8 },
  strong: { label: 1, times: 30 },
}

export type Telling = CampaignDay & {
  readonly nowDay: number
  readonly firstDay: number
  readonly times: number
  readonly random: Random
}

export type Plot = {
  readonly name: string
  readonly kind: string
  /** UTC days that it may begin something on. */
  readonly firstDay: (nowMs: number) => number
  readonly days: number
  readonly tell: (at: Telling) => readonly Draft[]
}

export function storyOf({ name, kind, days, ...plot }: Plot, anchor: Anchor): Campaign {
  const nowDay = Math.floor(anchor.nowMs / DAY_MS)
  const firstDay = plot.firstDay(anchor.nowMs)
  const { label, times } = FORCES[anchor.strength]
  return {
    name,
    kind,
    strength: label,
    episodeOf: () => firstDay,
    events({ stage, day }) {
      if (day < firstDay || day >= firstDay + days) return []
      const random = randomOf(stage.seed, 'story', name, day)
      return plot.tell({ stage, day, nowDay, firstDay, times, random })
    },
  }
}

/** So many days back, and on from there to a Friday where that is a weekend. */
export function workdayBack(nowDay: number, back: number): number {
  const day = nowDay - back
  const onto = [2, 0, 0, 0, 0, 0, 1][weekday(day)] ?? 0
  return day - onto
}

const OWN_DAYS = 14

/** What an account does of itself on the days before a day. */
export function lifeBefore(
  { stage, day }: CampaignDay,
  who: Person | Service,
  days: number = OWN_DAYS,
): readonly Draft[] {
  return Array.from({ length: days }, (_, i) => day - days + i).flatMap(at =>
    'team' in who
      ? personDay({ stage, person: who, day: at }).filter(d => d.actor.id === who.id)
      : serviceDay({ stage, service: who, day: at }),
  )
}

/** A day's mean of something that an account does, over the two weeks before. */
export function ownADay(
  at: CampaignDay,
  who: Person | Service,
  measure: (draft: Draft) => number,
): number {
  const life = lifeBefore(at, who)
  return life.reduce((sum, draft) => sum + measure(draft), 0) / OWN_DAYS
}

/** Rows of data that a draft read. */
export function rowsRead({ kind, rows = 0 }: Draft): number {
  return kind === 'data.read' || kind === 'ai.feature' ? rows : 0
}

export function isModelCall({ kind }: Draft): boolean {
  return kind === 'ai.invoke'
}

export function limit(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
