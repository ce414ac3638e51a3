// Commands for whoever looks at alerts: inbox, entities, investigation, declared jobs.

import type { Command } from 'commander'
import { type Adding, fromOption, jsonOption, toOption } from './adding.ts'

export function addAlertCommands(program: Command, adding: Adding): void {
  addAlerts(program, adding)
  addDispositions(program, adding)
  addSuppressions(program, adding)
  addEntities(program, adding)
  addJobs(program, adding)
}

function addAlerts(program: Command, { io, done }: Adding): void {
  const alerts = program.command('alerts').description('What was noticed, and what is said of it')
  alerts
    .command('list [question]')
    .description(
      'Alerts, newest first: level:high rule:read_spike assignee:anna not suppressed:true',
    )
    .option('--state <state>', 'open, acknowledged or resolved')
    .option('--entity <entity>', 'of one entity: actor:svc-a, or short svc-a')
    .addOption(fromOption())
    .addOption(toOption())
    .option('--limit <n>', 'most alerts', '50')
    .addOption(jsonOption())
    .action(async (question, flags) => {
      done(await (await import('./alerts.ts')).listAlerts(question ?? '', flags, io))
    })
  alerts
    .command('show <id>')
    .description('One alert: who did what, why that is unlike them, what to do next')
    .addOption(jsonOption())
    .action(async (id, flags) => done(await (await import('./alerts.ts')).showAlert(id, flags, io)))
}

function addDispositions(program: Command, { io, done }: Adding): void {
  const alerts = program.commands.find(command => command.name() === 'alerts') ?? program
  const note = '--note <text>'
  alerts
    .command('ack <id>')
    .description('Say that you look at it')
    .option(note, 'for who comes after you')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./alerts.ts')).acknowledgeAlert(id, flags, io))
    })
  alerts
    .command('resolve <id>')
    .description('Say what it was')
    .requiredOption('--as <what>', 'true, benign or false')
    .requiredOption('--cause <cause>', 'threat, misuse, batch_job, data_fault or other')
    .option('--rows-prevented <n>', 'rows that did not get out')
    .option('--cost-prevented <amount>', "cost that did not arise, in the tenant's currency")
    .option(note, 'for who comes after you')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./alerts.ts')).resolveAlert(id, flags, io))
    })
  alerts
    .command('reopen <id>')
    .description('Take back what was said of it')
    .option(note, 'why')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./alerts.ts')).reopenAlert(id, flags, io))
    })
  alerts
    .command('assign <id>')
    .description('Give it to somebody; without --to to nobody')
    .option('--to <who>', 'as the log names them')
    .option(note, 'for who comes after you')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./alerts.ts')).assignAlert(id, flags, io))
    })
}

function addSuppressions(program: Command, { io, done }: Adding): void {
  const alerts = program.commands.find(command => command.name() === 'alerts') ?? program
  alerts
    .command('suppress')
    .description('Hold back from the inbox what a rule finds, or of whom, for a time')
    .option('--rule <rule>', 'of this rule; any where absent')
    .option('--entity <entity>', 'of this entity: actor:svc-a, or short svc-a; any where absent')
    .requiredOption('--for <time>', 'how long: 12h, 7d, at most 90d')
    .requiredOption('--reason <text>', 'why')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./suppressions.ts')).suppress(flags, io)))
  alerts
    .command('suppressions')
    .description('What is held back, why, by whom, until when')
    .addOption(jsonOption())
    .action(async flags => {
      done(await (await import('./suppressions.ts')).listSuppressions(flags, io))
    })
  alerts
    .command('lift <suppression>')
    .description('Lift a suppression: what it holds back is in the inbox again')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./suppressions.ts')).liftSuppression(id, flags, io))
    })
}

function addEntities(program: Command, { io, done }: Adding): void {
  const entities = program.command('entities').description('Accounts, keys, addresses: their risk')
  entities
    .command('list')
    .description('The riskiest first')
    .option('--limit <n>', 'most entities', '20')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./entities.ts')).listEntities(flags, io)))
  entities
    .command('show <entity>')
    .description('One entity: identity, now against expected, its usual week, its risk in parts')
    .addOption(jsonOption())
    .action(async (entity, flags) => {
      done(await (await import('./entities.ts')).showEntity(entity, flags, io))
    })
  program
    .command('investigate <what>')
    .description('Around an alert or entity: the chain, before and after, the same key elsewhere')
    .addOption(jsonOption())
    .action(async (what, flags) => {
      done(await (await import('./investigate.ts')).investigate(what, flags, io))
    })
}

function addJobs(program: Command, { io, done }: Adding): void {
  const jobs = program.command('jobs').description('Schedules that explain what an account does')
  jobs
    .command('declare')
    .description('Say that an account reads much at certain hours, and should')
    .requiredOption('--actor <id>', 'the account')
    .requiredOption('--schedule <when>', "'Sat 02:00-04:00 UTC'")
    .option('--resource <id>', 'what it reaches; anything where it is left out')
    .option('--max-rows <n>', 'most rows in one run')
    .option('--until <time>', 'when this ends')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./jobs.ts')).declareJob(flags, io)))
  jobs
    .command('list')
    .description('Declared jobs')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./jobs.ts')).listJobs(flags, io)))
  jobs
    .command('remove <id>')
    .description('Take a declared job away')
    .addOption(jsonOption())
    .action(async (id, flags) => done(await (await import('./jobs.ts')).removeJob(id, flags, io)))
}
