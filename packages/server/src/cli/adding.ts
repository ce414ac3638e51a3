// What is handed to whoever adds commands to the program; the options that many commands share.

import { Option } from 'commander'
import type { ExitCode, Io } from './io.ts'

export type Adding = { readonly io: Io; readonly done: (code: ExitCode) => void }

export const jsonOption = (): Option => new Option('--json', 'machine-readable output')
export const dataOption = (): Option => new Option('--data <dir>', 'data directory (TOCSIN_DATA)')
export const rulesOption = (): Option =>
  new Option('--rules <dir>', "rules of your own, beside the product's (TOCSIN_RULES)")
export const fromOption = (): Option =>
  new Option('--from <time>', 'start: 2026-11-24T08:00Z, ms, or now-24h')
export const toOption = (): Option => new Option('--to <time>', 'end, exclusive')
