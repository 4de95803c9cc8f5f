import { DEMO_PASSWORD, DEMO_USERS } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { Command, InvalidArgumentError } from 'commander';
import { caseMatrix } from '../../../libs/contexts/cases/case-matrix.js';
import { addCalendar } from './calendar.js';
import { addDeadLetters } from './dead-letters.js';
import { addDeadline } from './deadline.js';
import { flowCommand } from './flow.js';
import { addRatings } from './ratings.js';
import { addReactions } from './reactions.js';
import { rebuildCommand } from './rebuild.js';
import { seedCommand } from './seed.js';
import { statusCommand } from './status.js';
import { type Addresses, up } from './up.js';
import { verifyCommand } from './verify.js';

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 9999999.');
  return Number(text);
};

// Whoever reads no further, as `head` does, has seen enough; the system itself runs on without a reader.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.argv[2] !== 'up') process.exit();
});

const program = new Command('huicai').description('惠才: case management for talent services').showHelpAfterError();

program
  .command('up')
  .description('run the whole system until stopped')
  .action(() => up({ migrate, banner }));

program
  .command('seed')
  .description('play the reference year into an embedded store that holds nothing else')
  .option('--seed <number>', 'seed of the generator', (text) => Number.parseInt(text, 10))
  .option('--anchor <day>', 'last day of the year, YYYY-MM-DD')
  .option('--quiet', 'no progress bar')
  .option('--auto', 'say and do nothing where the year does not belong or is complete')
  .action(async (options) => {
    process.exitCode = await seedCommand(options);
  });

program
  .command('status')
  .description('how far every projection is')
  .option('--json', 'one JSON document')
  .action((options: { json?: boolean }) => statusCommand(options));

program
  .command('flow [event]')
  .description('what an event leads to, over all contexts')
  .option('--markdown', 'all events as a page')
  .action((event: string | undefined, options: { markdown?: boolean }) => flowCommand(event, options));

program
  .command('matrix')
  .description('which role can take which step of a case in which status, as a page')
  .action(() => {
    process.stdout.write(`${caseMatrix()}\n`);
  });

program
  .command('rebuild [projections...]')
  .description('fill read models anew from the log, beside those that are shown, and compare the two')
  .option('--all', 'every read model, from one reading of the log')
  .option('--yes', 'show it as soon as it is filled')
  .option('--diff', 'compare the candidate (or the previous rows) with the live ones')
  .option('--samples <number>', 'differences of each kind to show', wholeNumber)
  .option('--events <partition>', 'the events behind the rows of a partition')
  .option('--switch', 'show the candidate; the rows shown until now are kept')
  .option('--switch-back', 'show the previous rows again')
  .option('--drop', 'drop the candidate or, when there is none, the previous rows')
  .option('--batch <events>', 'events per transaction', wholeNumber)
  .action(async (projections: string[], options) => {
    process.exitCode = await rebuildCommand(projections, options);
  });

program
  .command('verify')
  .description("walk every stream's hash chain and name the first link that does not hold")
  .action(async () => {
    process.exitCode = await verifyCommand();
  });

addDeadLetters(program);
addReactions(program);
addDeadline(program);
addCalendar(program);
addRatings(program);

function banner({ mode, apiUrl, docsUrl, dataDir }: Addresses): string {
  const lines = ['', '惠才 Huicai is running', `  API   ${apiUrl}/api/v1`, `  Docs  ${docsUrl}`];
  if (mode === 'embedded') {
    lines.push(
      `  Data  ${dataDir}`,
      `  Demo  password ${DEMO_PASSWORD}, logins ${DEMO_USERS.map(({ login }) => login).join(', ')}`,
    );
  }
  return [...lines, '  Stop  Ctrl+C', ''].join('\n');
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
