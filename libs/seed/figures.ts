/**
 * How much of what a year of the district holds. The published figures are "200余张" cards to experts helping enterprises, 27
 * items on offer and "390余项" matters solved (domain.md section 7, a1 to a3); how the matters went is an assumption.
 */
export const FIGURES = {
  /** Cards by how they came about; issued are all but the last three, and the replacements. */
  cards: {
    yimengDirect: 178,
    yimengReviewed: 22,
    /** Held by people who also hold the district's card, and by others. */
    shandongBesides: 5,
    shandongOnly: 4,
    applied: 4,
    approved: 2,
    rejected: 5,
    /** Of the district's cards issued directly. Replaced ones are revoked and issued anew. */
    lostOnly: 4,
    lostAndReplaced: 4,
    revoked: 5,
  },
  talents: { corrected: 8, handedOver: 10 },
  /** Matters that are over at the end of the year, by what happened to them; no matter counts twice. */
  finished: {
    plain: 257,
    answered: 12,
    signedForLate: 12,
    overdue: 33,
    paused: 24,
    extended: 17,
    extendedAfterDue: 2,
    extensionRefused: 1,
    returned: 16,
    reopened: 12,
    dissatisfied: 16,
    sentBack: 6,
    declined: 9,
    withdrawn: 9,
  },
  /** Matters that are not, by where they stand. */
  open: {
    registered: 3,
    accepted: 4,
    dispatched: 4,
    untaken: 4,
    inHand: 6,
    extensionAsked: 1,
    yellow: 4,
    red: 4,
    paused: 4,
    submitted: 3,
    resultAccepted: 3,
  },
  /** Of the plain ones: referred elsewhere or not to be solved. */
  notSolved: 14,
  /** Share of the handled ones whose requester is not reached at first, and who rate in the end. */
  unreachableFirst: 0.1,
  rated: 0.6,
} as const;

export type FinishedStory = keyof typeof FIGURES.finished;
export type OpenState = keyof typeof FIGURES.open;

/** Parts in a hundred: medical and social insurance and schooling are what the published figure names first. */
export const ITEM_SHARES: readonly (readonly [itemCode: string, share: number])[] = [
  ['01', 6],
  ['03', 15],
  ['04', 15],
  ['05', 20],
  ['06', 5],
  ['07', 6],
  ['08', 8],
  ['09', 4],
  ['10', 2],
  ['11', 1],
  ['12', 4],
  ['13', 1],
  ['14', 2],
  ['15', 2],
  ['16', 2],
  ['17', 1],
  ['18', 2],
  ['19', 2],
  ['20', 1],
  ['22', 1],
];

export const SCHOOLING = '05';

/** Weight of a day by month, January first; school places are given in July and August. */
export const MONTH_WEIGHTS = [0.9, 0.6, 1.2, 1.1, 1, 1.1, 1, 1, 1.1, 0.9, 1.1, 1];
export const SCHOOL_MONTH_WEIGHTS = [0.3, 0.2, 0.4, 0.5, 0.9, 2, 6, 6, 1.6, 0.4, 0.3, 0.3];

/** Specialists by department; the first of 人社局 belongs to the demo account. */
export const SPECIALISTS: readonly (readonly [departmentId: string, count: number])[] = [
  ['rsj', 4],
  ['ybj', 4],
  ['jtj', 4],
  ['gaj', 3],
  ['wjj', 2],
  ['zjj', 2],
  ['gjj', 2],
  ['bb', 2],
  ['spj', 3],
  ['swj', 2],
  ['hg', 2],
  ['kjj', 2],
  ['jrb', 2],
  ['scj', 2],
  ['sfj', 2],
  ['wlj', 2],
];

/** A part of the whole, for a year played small; nothing that occurs at all is left out. */
export const scaled = (count: number, scale: number): number => Math.max(1, Math.round(count * scale));
