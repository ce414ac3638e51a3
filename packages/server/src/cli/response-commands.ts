// Commands about what is done: policy, approvals, responses.

import type { Command } from 'commander'
import { type Adding, fromOption, jsonOption, toOption } from './adding.ts'

export function addResponseCommands(program: Command, adding: Adding): void {
  addPolicy(program, adding)
  addApprovals(program, adding)
}

function addPolicy(program: Command, { io, done }: Adding): void {
  const policy = program.command('policy').description('What is done about findings')
  policy
    .command('lint <file>')
    .description('Check a policy file, and say what it does. Needs no server')
    .addOption(jsonOption())
    .action(async (file, flags) =>
      done(await (await import('./policy.ts')).lintPolicy(file, flags, io)),
    )
  policy
    .command('simulate <file>')
    .description('What the policy would have done about the findings of a server')
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(jsonOption())
    .action(async (file, flags) => {
      done(await (await import('./policy.ts')).simulatePolicy(file, flags, io))
    })
}

function addApprovals(program: Command, { io, done }: Adding): void {
  const approvals = program.command('approvals').description('Services that wait for their owner')
  approvals
    .command('list')
    .description('Who waits, and why')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./approvals.ts')).listApprovals(flags, io)))
  approvals
    .command('grant <id>')
    .description('Let so many rows through for so long')
    .requiredOption('--rows <n>', 'rows')
    .requiredOption('--minutes <n>', 'minutes')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./approvals.ts')).grantApproval(id, flags, io))
    })
  const responses = program.command('responses').description('What was done')
  responses
    .command('list')
    .description('In force, in dry run, undone and ended, newest first')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./approvals.ts')).listResponses(flags, io)))
  responses
    .command('undo <id>')
    .description('Take a response back')
    .option('--reason <text>', 'why', 'undone by hand')
    .addOption(jsonOption())
    .action(async (id, flags) => {
      done(await (await import('./approvals.ts')).undoResponse(id, flags, io))
    })
}
