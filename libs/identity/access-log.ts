import type { Role } from '@huicai/kernel';
import { isSubjectId } from '@huicai/vault';
import type { DataSource } from 'typeorm';
import { InvalidAccessEntryError } from './errors.js';

const PURPOSE = /^[a-z][a-z0-9._-]{0,63}$/;
const MAX_RESOURCE = 300;

export type AccessEntry = {
  /** The database's clock unless told. */
  readonly at?: Date;
  readonly actor: string;
  readonly role: Role;
  readonly subjectId: string;
  /** A code such as `case-handling`; free text is refused, for it could hold personal data. */
  readonly purpose: string;
  /** What was read, by ids alone, such as `cases/LS-2026-000123`. */
  readonly resource: string;
  readonly correlationId: string;
};

/** Who read whose personal data, when and what for. Entries can be added, and by nobody changed or removed. */
export class AccessLog {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Adds entries in one statement, all or none; durable on return, so record before the data leaves.
   * @throws InvalidAccessEntryError.
   */
  async record(entries: readonly AccessEntry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) assertEntry(entry);
    const column = <T>(of: (entry: AccessEntry) => T): T[] => entries.map(of);
    await this.dataSource.query(
      `insert into access_log.reads (at, actor, role, subject_id, purpose, resource, correlation_id)
       select coalesce(at, now()), actor, role, subject_id, purpose, resource, correlation_id
       from unnest($1::timestamptz[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])
         with ordinality as entry (at, actor, role, subject_id, purpose, resource, correlation_id, n)
       order by n`,
      [
        column((e) => e.at?.toISOString() ?? null),
        column((e) => e.actor),
        column((e) => e.role),
        column((e) => e.subjectId),
        column((e) => e.purpose),
        column((e) => e.resource),
        column((e) => e.correlationId),
      ],
    );
  }
}

function assertEntry(entry: AccessEntry): void {
  if (!PURPOSE.test(entry.purpose)) throw new InvalidAccessEntryError('purpose');
  if (!isSubjectId(entry.subjectId)) throw new InvalidAccessEntryError('subjectId');
  if (entry.resource === '' || entry.resource.length > MAX_RESOURCE) throw new InvalidAccessEntryError('resource');
}
