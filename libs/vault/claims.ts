import type { DataSource } from 'typeorm';
import type { Digests } from './blind-index.js';
import { ClaimTakenError } from './errors.js';
import type { IndexField } from './normalise.js';

/** Seconds during which a claim is safe although its owner's first event is not in the store yet. */
export const ORPHAN_CLAIM_SECONDS = 60;

/** Values that only one stream may hold, decided by a primary key. */
export class Claims {
  constructor(
    private readonly dataSource: DataSource,
    private readonly digests: Digests,
  ) {}

  /**
   * Claims a value for a stream; durable on return, and repeatable by the same owner, whose 60 s then start anew. A claim of
   * another stream that does not hold the value is taken over once it is older than 60 s, so the time from claim to append must stay
   * below that.
   * @param stillHolds asked only about the present owner of an old claim: false when its stream was never written, or bears the
   * value no longer.
   * @throws ClaimTakenError when another stream holds the value.
   */
  async claim(kind: IndexField, value: string, owner: string, stillHolds: (stream: string) => Promise<boolean>): Promise<void> {
    const digest = this.digests.digest('claim', kind, value);
    if (await this.takeFree(kind, digest, owner)) return;
    const holders = await this.dataSource.query<{ owner: string; old: boolean }[]>(
      `select owner, created_at <= now() - make_interval(secs => $3) as old from vault.claims where kind = $1 and digest = $2`,
      [kind, digest, ORPHAN_CLAIM_SECONDS],
    );
    const holder = holders[0];
    // Released between the two statements: free again, and whoever inserts first has it.
    const won = holder
      ? holder.old && !(await stillHolds(holder.owner)) && (await this.takeOver(kind, digest, owner, holder.owner))
      : await this.takeFree(kind, digest, owner);
    if (!won) throw new ClaimTakenError(kind);
  }

  /** Gives one claimed value back; a claim of another owner is left alone. */
  async release(kind: IndexField, value: string, owner: string): Promise<void> {
    await this.dataSource.query('delete from vault.claims where kind = $1 and digest = $2 and owner = $3', [
      kind,
      this.digests.digest('claim', kind, value),
      owner,
    ]);
  }

  /** Gives back everything a stream holds, as when its person is erased. */
  async releaseAll(owner: string): Promise<void> {
    await this.dataSource.query('delete from vault.claims where owner = $1', [owner]);
  }

  private async takeFree(kind: string, digest: Buffer, owner: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `insert into vault.claims (kind, digest, owner) values ($1, $2, $3)
       on conflict (kind, digest) do update set created_at = now() where claims.owner = excluded.owner
       returning owner`,
      [kind, digest, owner],
    );
    return rows.length === 1;
  }

  private async takeOver(kind: string, digest: Buffer, owner: string, from: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update vault.claims set owner = $3, created_at = now()
       where kind = $1 and digest = $2 and owner = $4 and created_at <= now() - make_interval(secs => $5)`,
      [kind, digest, owner, from, ORPHAN_CLAIM_SECONDS],
    );
    return count === 1;
  }
}
