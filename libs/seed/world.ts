import type { Caller } from '../contexts/gateway.js';
import type { Office, YearSpan } from './office.js';
import type { SyntheticPeople } from './people.js';
import type { Specialist, Staff } from './staff.js';

/** What all plans of a year draw on. */
export interface World {
  readonly seed: number;
  readonly scale: number;
  readonly office: Office;
  readonly span: YearSpan;
  readonly people: SyntheticPeople;
  readonly staff: Staff;
}

export interface PlannedTalent {
  readonly talentId: string;
  readonly caller: Caller;
  readonly surname: string;
  readonly primary: Specialist;
  readonly registeredAt: number;
}
