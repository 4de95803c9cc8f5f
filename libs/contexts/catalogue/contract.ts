/** C: handled as a case against time limits. U: used on site and redeemed against a quota. CU: both. */
export type ItemKind = 'C' | 'U' | 'CU';

/** How well an item is attested: by the article the list starts from, by other places' lists, or by inference only. */
export type ItemEvidence = 'ARTICLE' | 'OTHER_LISTS' | 'INFERRED';

export interface ServiceItem {
  /** Two digits, `01` to `27` in the first version. */
  readonly code: string;
  readonly name: string;
  readonly kind: ItemKind;
  readonly leadDepartmentId: string;
  readonly evidence: ItemEvidence;
  /** Handled in yearly windows rather than in days. */
  readonly seasonal?: true;
}

/** A word of the office's own that can be put on a case (标签). */
export interface Tag {
  readonly code: string;
  readonly name: string;
}

/** The words in one version; the next one replaces them all. `effectiveFrom` is a calendar day of the office, YYYY-MM-DD. */
export interface TagList {
  readonly version: number;
  readonly effectiveFrom: string;
  readonly tags: readonly Tag[];
}

export type CatalogueCommand =
  | {
      readonly type: 'DraftCatalogueVersion';
      readonly data: { readonly version: string; readonly items: readonly ServiceItem[] };
    }
  | { readonly type: 'PublishCatalogueVersion'; readonly data: { readonly version: string; readonly effectiveFrom: string } }
  | { readonly type: 'PublishTags'; readonly data: Omit<TagList, 'version'> };

export type CatalogueEvent =
  | {
      readonly type: 'CatalogueVersionDrafted';
      readonly data: { readonly version: string; readonly items: readonly ServiceItem[] };
    }
  | {
      readonly type: 'CatalogueVersionPublished';
      /** `effectiveFrom` is a calendar day of the office, YYYY-MM-DD. */
      readonly data: { readonly version: string; readonly effectiveFrom: string };
    }
  | { readonly type: 'TagsPublished'; readonly data: TagList };
