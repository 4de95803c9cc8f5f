export type Outcome = 'SOLVED' | 'ANSWERED' | 'REFERRED' | 'UNSOLVABLE';
export type Reachability = 'VALID' | 'UNREACHABLE';
/** 1 very dissatisfied to 5 very satisfied (GB/T 39735-2020 order); 1 and 2 are bad reviews. */
export type Satisfaction = 1 | 2 | 3 | 4 | 5;

/** What was said at the callback. */
export interface CallbackAnswer {
  readonly reachability: Reachability;
  /** null when the requester was not reached. */
  readonly resolved: boolean | null;
  readonly satisfaction: Satisfaction | null;
}
