import { member } from './canonical.js';

/** Turns the data of one schema version into that of the next. Pure. */
export type Upcast = (data: Record<string, unknown>) => Record<string, unknown>;

/** The upcasters do not fit the events of the system; only another program can help. */
export class UpcasterError extends Error {}

/**
 * All upcasters of the system, by event type; entry n turns version n+1 into n+2, so the current version of a type is the number
 * of its entries plus one.
 */
export class UpcasterRegistry {
  constructor(private readonly chains: Readonly<Record<string, readonly Upcast[]>> = {}) {}

  /**
   * To be asked once at start, with every event type of the system: a chain under a misspelt name would never be walked, and a
   * missing step would be met in the middle of somebody's history.
   *
   * @throws UpcasterError naming each chain that is wrong
   */
  check(types: ReadonlySet<string>): void {
    const faults = Object.entries(this.chains).flatMap(([type, chain]) => [
      ...(types.has(type) ? [] : [`no event is called ${type}`]),
      ...Array.from(chain).flatMap((step, i) => (typeof step === 'function' ? [] : [`${type} has no step from v${i + 1}`])),
    ]);
    if (faults.length > 0) throw new UpcasterError(`Upcasters: ${faults.join('; ')}`);
  }

  current(type: string): number {
    return this.chain(type).length + 1;
  }

  /** @throws Error when the event is newer than this program understands. */
  upcast<D>(type: string, schemaVersion: number, data: D): D {
    const chain = this.chain(type);
    if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > chain.length + 1)
      throw new Error(`${type} v${schemaVersion} is unknown here (this program reads up to v${chain.length + 1})`);
    let shaped = data as unknown as Record<string, unknown>;
    for (const step of chain.slice(schemaVersion - 1)) shaped = step(shaped);
    return shaped as unknown as D;
  }

  private chain(type: string): readonly Upcast[] {
    return member(this.chains, type) ?? [];
  }
}
