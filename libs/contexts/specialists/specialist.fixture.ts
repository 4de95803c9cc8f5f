import type { Sealed } from '@huicai/kernel';
import { DRAFT_2024, ITEMS_2024 } from '../catalogue/draft-2024.js';
import { foldCatalogue, noCatalogue } from '../catalogue/facts.js';
import type { SpecialistFacts } from './facts.js';
import type { SpecialistRuleFacts } from './specialist.js';

export const sealed = (what: string): Sealed => ({
  $enc: 1,
  s: 's-1',
  k: 1,
  a: 'A256GCM',
  iv: '',
  ct: what,
  tag: '',
  ctx: '',
});

const catalogue = foldCatalogue(
  foldCatalogue(noCatalogue, { type: 'CatalogueVersionDrafted', data: { version: DRAFT_2024.version, items: ITEMS_2024 } }),
  { type: 'CatalogueVersionPublished', data: DRAFT_2024 },
);

/** A specialist as enrolled, changed where the spec cares. */
export const colleague = (changes: Partial<SpecialistFacts> = {}): SpecialistFacts => ({
  departmentId: 'ybj',
  kind: 'ITEM',
  itemCodes: [],
  areas: [],
  capacity: null,
  hours: null,
  leaves: [],
  ...changes,
});

/** What the rules are told on Monday 12 October 2026, 10:00. */
export const specialistFacts = (more: Partial<SpecialistRuleFacts> = {}): SpecialistRuleFacts => ({
  now: Date.parse('2026-10-12T10:00:00+08:00'),
  actor: { id: 'user-supervisor', role: 'supervisor' },
  departmentKnown: true,
  catalogue,
  callerSpecialistId: null,
  specialistId: 's-1',
  deputy: colleague(),
  standsIn: [],
  ...more,
});
