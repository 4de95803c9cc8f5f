import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { HuicaiSystem } from '@huicai/composition';
import { badInput, isUuid, problemOfRefusal } from '@huicai/http';
import { canonicalJson, Refusal, systemCommandId } from '@huicai/kernel';
import { resolveConnections } from '@huicai/runtime';
import type { Command } from 'commander';
import type { ProvincialReply } from '../../../libs/contexts/cases/provincial-ratings.js';

/** Adds `ratings import`. @param open the system to import into, closed afterwards */
export function addRatings(program: Command, open: () => Promise<HuicaiSystem> = openSystem): void {
  program
    .command('ratings')
    .description('ratings and the provincial rating system')
    .command('import <file>')
    .description('take in what the province answered: one {caseId, ratingId, externalRatingId, status} a line')
    .action(async (file: string) => {
      process.exitCode = await importReplies(await readFile(file, 'utf8'), open);
    });
}

const openSystem = (): Promise<HuicaiSystem> => HuicaiSystem.open(resolveConnections(process.env));

/** 0 when every line is on record, now or before; 1 when some were refused, which are told by their number. */
async function importReplies(text: string, open: () => Promise<HuicaiSystem>): Promise<number> {
  const system = await open();
  let [taken, refused] = [0, 0];
  try {
    for (const [i, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '') continue;
      try {
        await take(system, replyOf(line));
        taken++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { code, detail } = problemOfRefusal(error, 'en').body as { code: string; detail: string };
        process.stderr.write(`line ${i + 1}: ${code}: ${detail}\n`);
        refused++;
      }
    }
  } finally {
    await system.close();
  }
  process.stdout.write(`${taken} on record, ${refused} refused.\n`);
  return refused === 0 ? 0 : 1;
}

/** @throws BadInput naming the field */
function replyOf(line: string): ProvincialReply {
  const said = parsed(line);
  for (const field of ['caseId', 'ratingId'] as const) if (!isUuid(String(said[field]))) throw badInput('not-a-uuid', field);
  const { externalRatingId, status } = said;
  if (typeof externalRatingId !== 'string' || !/^[\w.:-]{1,64}$/.test(externalRatingId))
    throw badInput('code-invalid', 'externalRatingId');
  if (status !== 'RECEIVED' && status !== 'REJECTED') throw badInput('not-one-of', 'status', { allowed: 'RECEIVED, REJECTED' });
  return { caseId: said.caseId as string, ratingId: said.ratingId as string, externalRatingId, status };
}

function parsed(line: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(line);
    if (typeof read === 'object' && read !== null) return read as Record<string, unknown>;
  } catch {
    // Told below, like anything else that is no object.
  }
  throw badInput('malformed-json', '$');
}

/** The same answer again is the same command. */
async function take(system: HuicaiSystem, { caseId, ...receipt }: ProvincialReply): Promise<void> {
  const { ratingId, externalRatingId, status } = receipt;
  const commandId = systemCommandId('rating-receipt', ratingId, externalRatingId, status);
  await system.send({
    aggregate: 'case',
    id: caseId,
    command: { type: 'RecordRatingReceipt', data: receipt },
    caller: { id: `cli:${userInfo().username}`, role: 'system' },
    context: {
      commandId,
      correlationId: commandId,
      commandHash: await system.vault.commandHash(canonicalJson(receipt), null),
    },
  });
}
