import { member } from '@huicai/kernel';
import type { CatalogueEvent, ServiceItem } from './contract.js';

export interface CatalogueVersionFacts {
  readonly version: string;
  readonly items: readonly ServiceItem[];
  /** null while a draft. YYYY-MM-DD, office time. */
  readonly effectiveFrom: string | null;
}

export interface CatalogueFacts {
  readonly versions: Readonly<Record<string, CatalogueVersionFacts>>;
}

export const noCatalogue: CatalogueFacts = { versions: {} };

export function foldCatalogue(facts: CatalogueFacts, event: CatalogueEvent): CatalogueFacts {
  const { version } = event.data;
  switch (event.type) {
    case 'CatalogueVersionDrafted':
      return { versions: { ...facts.versions, [version]: { version, items: event.data.items, effectiveFrom: null } } };
    case 'CatalogueVersionPublished': {
      const draft = member(facts.versions, version);
      return draft
        ? { versions: { ...facts.versions, [version]: { ...draft, effectiveFrom: event.data.effectiveFrom } } }
        : facts;
    }
  }
}

/** The published version in force on a day: the latest to have taken effect. @param day YYYY-MM-DD, office time */
export function catalogueInForce(facts: CatalogueFacts, day: string): CatalogueVersionFacts | undefined {
  let found: CatalogueVersionFacts | undefined;
  for (const version of Object.values(facts.versions))
    if (
      version.effectiveFrom !== null &&
      version.effectiveFrom <= day &&
      (!found || version.effectiveFrom >= found.effectiveFrom!)
    )
      found = version;
  return found;
}

export function itemOf(version: CatalogueVersionFacts, code: string): ServiceItem | undefined {
  return version.items.find((item) => item.code === code);
}
