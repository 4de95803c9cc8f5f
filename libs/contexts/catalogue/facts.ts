import { member } from '@huicai/kernel';
import type { CatalogueEvent, ServiceItem, TagList } from './contract.js';

export interface CatalogueVersionFacts {
  readonly version: string;
  readonly items: readonly ServiceItem[];
  /** null while a draft. YYYY-MM-DD, office time. */
  readonly effectiveFrom: string | null;
  /** Counts publications from 1; null while a draft. */
  readonly published: number | null;
}

export interface CatalogueFacts {
  readonly versions: Readonly<Record<string, CatalogueVersionFacts>>;
  /** Every version of the tags, the oldest first. */
  readonly tagLists: readonly TagList[];
}

export const noCatalogue: CatalogueFacts = { versions: {}, tagLists: [] };

export function foldCatalogue(facts: CatalogueFacts, event: CatalogueEvent): CatalogueFacts {
  switch (event.type) {
    case 'CatalogueVersionDrafted': {
      const { version, items } = event.data;
      return { ...facts, versions: { ...facts.versions, [version]: { version, items, effectiveFrom: null, published: null } } };
    }
    case 'TagsPublished':
      return { ...facts, tagLists: [...facts.tagLists, event.data] };
    case 'CatalogueVersionPublished': {
      const { version } = event.data;
      const draft = member(facts.versions, version);
      if (!draft) return facts;
      const published = Object.values(facts.versions).filter((v) => v.published !== null).length + 1;
      return {
        ...facts,
        versions: { ...facts.versions, [version]: { ...draft, effectiveFrom: event.data.effectiveFrom, published } },
      };
    }
  }
}

/** The published version in force on a day: the latest to have taken effect, of two on one day the one published last. @param day YYYY-MM-DD, office time */
export function catalogueInForce(facts: CatalogueFacts, day: string): CatalogueVersionFacts | undefined {
  return Object.values(facts.versions)
    .filter(({ effectiveFrom }) => effectiveFrom !== null && effectiveFrom <= day)
    .sort((a, b) =>
      a.effectiveFrom! < b.effectiveFrom! ? -1 : a.effectiveFrom! > b.effectiveFrom! ? 1 : a.published! - b.published!,
    )
    .at(-1);
}

export function itemOf(version: CatalogueVersionFacts, code: string): ServiceItem | undefined {
  return version.items.find((item) => item.code === code);
}

/** The tags in force on a day: of those that have taken effect, the ones published last. @param day YYYY-MM-DD, office time */
export function tagsInForce({ tagLists }: CatalogueFacts, day: string): TagList | undefined {
  return tagLists.filter(({ effectiveFrom }) => effectiveFrom <= day).at(-1);
}
