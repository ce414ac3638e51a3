// Commands about what is looked for, and how well it is found: rules, back-test, evaluation, and
// made-up events with a known answer. None of them needs a server.

import { DEFAULT_BUDGET } from '@tocsin/detect/alert'
import type { Command } from 'commander'
import { type Adding, dataOption, fromOption, jsonOption, rulesOption, toOption } from './adding.ts'

export function addRuleCommands(program: Command, adding: Adding): void {
  addRules(program, adding)
  addTrials(program, adding)
}

function addRules(program: Command, { io, done }: Adding): void {
  const rules = program.command('rules').description('What is looked for')
  rules
    .command('test [where]')
    .description('Try the cases of a rule or of a directory of rules')
    .addOption(rulesOption())
    .addOption(jsonOption())
    .action(async (where, flags) =>
      done(await (await import('./rules.ts')).testRules(where, flags, io)),
    )
  rules
    .command('list')
    .description('List the rules that a server would run')
    .addOption(rulesOption())
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./rules.ts')).listRules(flags, io)))
  rules
    .command('explain <id>')
    .description('Say in words what a rule does')
    .addOption(rulesOption())
    .addOption(jsonOption())
    .action(async (id, flags) =>
      done(await (await import('./rules.ts')).explainRule(id, flags, io)),
    )
}

function addTrials(program: Command, { io, done }: Adding): void {
  program
    .command('backtest <rule>')
    .description("What a rule (id, file, or 'all') would have found in a data directory")
    .addOption(fromOption())
    .addOption(toOption())
    .addOption(dataOption())
    .addOption(rulesOption())
    .option('--alert-budget <n>', 'alerts a day that people can look at')
    .addOption(jsonOption())
    .action(async (rule, flags) =>
      done(await (await import('./backtest.ts')).backtest(rule, flags, io)),
    )
  program
    .command('evaluate')
    .description('Run labelled events through everything and say what was found')
    .requiredOption('--events <file>', 'wire events, one JSON object a line')
    .requiredOption('--labels <file>', 'labels in the form of `tocsin simulate`')
    .option('--budget <n>', 'alerts a day that people can look at', String(DEFAULT_BUDGET))
    .option('--findings <file>', 'write every finding there, one JSON object a line')
    .addOption(rulesOption())
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./evaluate.ts')).evaluate(flags, io)))
  program
    .command('simulate')
    .description('Write made-up events, and labels of what is special in them')
    .option('--seed <n>', 'seed of the made-up world', '1')
    .option('--days <n>', 'days before the end', '30')
    .option('--to <time>', 'end; now where it is left out')
    .requiredOption('--events <file>', 'where the events go')
    .option('--labels <file>', 'where the labels go')
    .option('--stories [strength]', 'with attacks: weak, medium or strong')
    .addOption(jsonOption())
    .action(async flags => done(await (await import('./simulate.ts')).simulate(flags, io)))
}
