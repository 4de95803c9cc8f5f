/** Kinds of disagreement that `verify` finds. */
export type FindingKind =
  | 'unreadable'
  | 'damaged-record'
  | 'inconsistent-record'
  | 'position'
  | 'created'
  | 'index-missing'
  | 'index-wrong'
  | 'index-orphan'
  | 'revision'
  | 'order'
  | 'after-tombstone'
  | 'name-missing'
  | 'name-wrong'
  | 'name-orphan'
  | 'node-id'
  | 'manifest'
  | 'not-canonical';

/** One disagreement within a database. */
export interface Finding {
  kind: FindingKind;
  /** A sentence for people. */
  message: string;
  stream?: string;
  /** Decimal, as the wire has it: 9223372036854775807 for a tombstone. */
  revision?: string;
  /** Decimal. */
  position?: string;
}

/** Collects findings: all are counted, those up to a limit are kept. */
export class Findings {
  readonly kept: Finding[] = [];
  count = 0;

  constructor(private readonly limit: number) {}

  add(finding: Finding): void {
    this.count++;
    if (this.kept.length < this.limit) this.kept.push(finding);
  }
}
