// Who and what there is in the world: people, service accounts, agents, models, data. None of it
// changes with time.

import type { Country } from './calendar.ts'
import type { Weighted } from './random.ts'

export type Team = 'data-science' | 'support' | 'sales' | 'platform' | 'security' | 'research'

/** Where somebody's requests come from: stable for each person and way of working. */
export type Place = {
  readonly ip: string
  readonly zone: 'office' | 'vpn' | 'internet'
  readonly asn?: number
  readonly geo?: { readonly country: string; readonly city: string }
}

export type Person = {
  readonly id: string
  readonly team: Team
  readonly country: Country
  /** Local hour at which the day begins, and its length in hours. */
  readonly startsAt: number
  readonly hours: number
  /** Days of the week worked, 0 is Sunday. */
  readonly days: readonly number[]
  /** Days of the week usually worked at home. */
  readonly homeDays: readonly number[]
  /** Number of the shift crew; null for those who work in the daytime. */
  readonly crew: number | null
  /** Takes vacations and falls ill; trainees do not while they are here. */
  readonly isEverAway: boolean
  /** Chance of coming back to work on an evening. */
  readonly eveningShare: number
  /** How much they do, 1 is ordinary. */
  readonly energy: number
  readonly office: Place
  readonly home: Place
  readonly phone: Place
  /** At home they connect through the company's VPN. */
  readonly usesVpn: boolean
  readonly vpn: Place
  readonly browser: string
  readonly phoneBrowser: string
  /** What their notebooks and scripts call with, and the id of their API key. */
  readonly library: string
  readonly apiKey: string
  readonly habits: Habits
}

/** What somebody mostly uses; now and then it is something else. */
export type Habits = {
  readonly llms: readonly Weighted<Model>[]
  readonly ownModel: Model
  readonly datasets: readonly Weighted<Dataset>[]
  readonly featureViews: readonly string[]
  readonly index: string
  readonly temperature: number
}

export type Service = {
  readonly id: string
  readonly job:
    | 'score'
    | 'answer'
    | 'rerank'
    | 'chat'
    | 'triage'
    | 'batch'
    | 'embed'
    | 'features'
    | 'ci'
    | 'retrain'
    | 'sync'
    | 'backup'
    | 'load'
  readonly model: Model
  readonly dataset: Dataset
  /** Feature view, index or output that belongs to its work. */
  readonly store: string
  readonly ip: string
  readonly userAgent: string
  /** Minute of the day at which scheduled work begins, UTC. */
  readonly minute: number
  /** Minutes between runs, where there are several a day. */
  readonly every: number
  readonly rhythm: 'shop' | 'office' | 'flat'
  readonly load: number
}

export type Agent = {
  readonly id: string
  readonly owner: Team
  /** Name of the model it thinks with. */
  readonly model: string
  readonly tools: readonly string[]
  readonly server: string
}

export type Model = {
  readonly name: string
  readonly provider: string
  readonly system: string
  readonly endpoint: string
  readonly operation: string
  /** A provider's version; models of one's own have releases instead. */
  readonly version: string
  /** Trained in the company: has releases, weights, a training job. */
  readonly isOwn: boolean
  /** Price of a thousand tokens in and out, in millionths; 0 for models that run in the house. */
  readonly priceIn: number
  readonly priceOut: number
  /** Milliseconds for each token of the answer; for classic models, of a call. */
  readonly msPerToken: number
}

export type Dataset = {
  readonly id: string
  readonly class: 'internal' | 'confidential' | 'personal'
  /** Who may read it. */
  readonly teams: readonly string[]
}

export type Cast = {
  readonly people: readonly Person[]
  readonly services: readonly Service[]
  readonly agents: readonly Agent[]
  readonly models: readonly Model[]
  readonly datasets: readonly Dataset[]
  readonly featureViews: readonly string[]
  readonly indexes: readonly string[]
}

/** A world without what happens in it. */
export type Setting = { readonly seed: number; readonly cast: Cast }
