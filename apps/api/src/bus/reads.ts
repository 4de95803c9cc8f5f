import { CATALOGUE_STREAM, CHANNELS_STREAM, type HuicaiSystem } from '@huicai/composition';
import { purposeOf, type RequestState } from '@huicai/http';
import { forbidden, streamName } from '@huicai/kernel';
import { cardByNumber } from '../../../../libs/contexts/cards/views/cards.view.js';
import { findCase } from '../../../../libs/contexts/cases/views/case-detail.view.js';
import { listCatalogue } from '../../../../libs/contexts/catalogue/views/catalogue-versions.view.js';
import { listTags } from '../../../../libs/contexts/catalogue/views/tag-lists.view.js';
import { noChannels } from '../../../../libs/contexts/channels/facts.js';
import { readNetwork } from '../../../../libs/contexts/channels/views/service-network.view.js';
import type { Directory, Opening, Reads } from '../../../../libs/contexts/edge.js';
import type { Caller } from '../../../../libs/contexts/gateway.js';
import { viewsOf } from '../../../../libs/contexts/queue-views/facts.js';
import { listQueueViews } from '../../../../libs/contexts/queue-views/views/queue-views.view.js';
import { hasCaseInScope } from '../../../../libs/contexts/reporting/views/service-queue.queries.js';
import { assignmentOf } from '../../../../libs/contexts/specialists/views/assignments.view.js';
import { findTalents } from '../../../../libs/contexts/talents/views/talents.view.js';
import { callerOf } from '../http/request-state.js';
import type { Parts } from '../parts.js';

/** What one request's questions may use. */
export function readsFor(parts: Parts, request: RequestState): Reads {
  const { system } = parts;
  const caller = callerOf(request);
  const purpose = purposeOf(request);
  const department = () => departmentOf(system, caller);
  return {
    db: system.pool,
    caller,
    language: request.language,
    now: system.clock.now(),
    directory: directoryFor(system, caller, department),
    department,
    timeOf: (clocks) =>
      system.facts.timeNow(highest(clocks.map((c) => c.calendarVersion)), highest(clocks.map((c) => Number(c.policyVersion)))),
    calendar: (calendarId) => system.facts.calendar(calendarId),
    events: (stream) => system.events(stream),
    stored: (stream) => system.store.readStream(stream),
    find: (field, value) => system.vault.find(field, value),
    open: async <T>(value: unknown, { resource, ...options }: Opening): Promise<T> => {
      const opened = await system.vault.openDeep<T>(value, options);
      const { correlationId } = request;
      const actor = { actor: caller.id, role: caller.role, purpose, resource, correlationId };
      await parts.accessLog.record(opened.subjects.map((subjectId) => ({ ...actor, subjectId })));
      return opened.value;
    },
  };
}

const highest = (versions: readonly number[]): number => Math.max(1, ...versions);

/** A specialist's department is what the enrolment says, whatever a token claims. */
async function departmentOf(system: HuicaiSystem, { role, specialistId, departmentId }: Caller): Promise<string> {
  const found =
    role === 'specialist'
      ? specialistId === undefined
        ? undefined
        : (await system.facts.specialist(specialistId))?.departmentId
      : departmentId;
  if (found === undefined) throw forbidden('department-unknown');
  return found;
}

function directoryFor(system: HuicaiSystem, caller: Caller, department: () => Promise<string>): Directory {
  const db = system.pool;
  // A page of many cases asks for the names of each; one look serves the whole request.
  let catalogue: ReturnType<typeof listCatalogue> | undefined;
  return {
    talent: async (talentId) => {
      const [row] = await findTalents(db, [talentId]);
      return row && { talentId, facts: row.facts };
    },
    caseFacts: async (caseId) => (await findCase(db, caseId))?.facts,
    holderOfCard: async (number) => (await cardByNumber(db, number))?.talent_id,
    primarySpecialistOf: async (talentId) => (await assignmentOf(db, talentId))?.specialist_id,
    handlesCaseOf: async (talentId) => {
      const departmentId = await department();
      if (caller.role === 'department') return hasCaseInScope(db, { kind: 'department', departmentId }, talentId);
      const { specialistId } = caller;
      if (specialistId === undefined) return false;
      return hasCaseInScope(db, { kind: 'specialist', specialistId, departmentId }, talentId);
    },
    queueViews: async () => {
      const has = caller.role === 'department' || (caller.role === 'specialist' && caller.specialistId !== undefined);
      return listQueueViews(db, streamName('queueViews', viewsOf(caller.id)), has ? await department() : null);
    },
    network: async () => (await readNetwork(db, CHANNELS_STREAM))?.facts ?? noChannels,
    itemNames: async (version) => {
      catalogue ??= listCatalogue(db);
      const found = (await catalogue).find((row) => row.version === version && row.catalogue === CATALOGUE_STREAM);
      return new Map(found?.items.map(({ code, name }) => [code, name]));
    },
    tagNames: async () => new Map((await listTags(db)).flatMap(({ tags }) => tags.map(({ code, name }) => [code, name]))),
    everyItemName: async () => {
      catalogue ??= listCatalogue(db);
      return (await catalogue).flatMap(({ items }) => items.map(({ code, name }) => ({ code, name })));
    },
  };
}
