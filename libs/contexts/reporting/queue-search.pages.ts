import { badInput } from '@huicai/http';
import { streamName } from '@huicai/kernel';
import { normaliseIdNumber, normaliseName, normalisePhone } from '@huicai/vault';
import type { Reads } from '../edge.js';
import { scopeOf } from './queues.pages.js';
import { talentsInScope } from './views/service-queue.queries.js';

/** Exact search by one of these through the vault's blind indexes; each hit is confirmed against the value of today. */
const SEALED = {
  name: { field: 'talent.name', normalise: normaliseName },
  phone: { field: 'talent.phone', normalise: normalisePhone },
  documentNumber: { field: 'talent.idNumber', normalise: normaliseIdNumber },
} as const;

/**
 * The talents that somebody means and has cases of in sight. Only of those anything is opened, and that is written down.
 *
 * @throws BadInput `text-empty`
 */
export async function talentsMeant(reads: Reads, by: keyof typeof SEALED | 'cardNumber', value: string): Promise<string[]> {
  const scope = await scopeOf(reads);
  if (by === 'cardNumber') {
    const holder = await reads.directory.holderOfCard(value.trim().toUpperCase());
    return holder === undefined ? [] : talentsInScope(reads.db, scope, [holder]);
  }
  const { field, normalise } = SEALED[by];
  const wanted = normalise(value);
  if (wanted === '') throw badInput('text-empty', by);
  const seen = await talentsInScope(reads.db, scope, await reads.find(field, value));
  const confirmed = await Promise.all(
    seen.map(async (talentId) => {
      const talent = await reads.directory.talent(talentId);
      const options = { expected: `${streamName('talent', talentId)}/`, resource: `talents/${talentId}` };
      const clear = talent && (await reads.open<string | null>(talent.facts[by], options));
      return typeof clear === 'string' && normalise(clear) === wanted ? [talentId] : [];
    }),
  );
  return confirmed.flat();
}
