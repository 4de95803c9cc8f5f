import { Code, list, NestedList, object, WholeNumber } from '@huicai/http';
import { TIME_OF_DAY, type WeekdayHours } from './weekly-hours.js';

export class HoursBody {
  @Code('Begin, wall time of the office', TIME_OF_DAY)
  readonly from!: string;
  @Code('End, wall time of the office', TIME_OF_DAY)
  readonly to!: string;
}

export class WeekdayHoursBody implements WeekdayHours {
  @WholeNumber(1, 7, 'ISO weekday, Monday 1 to Sunday 7')
  readonly weekday!: number;
  @NestedList(() => HoursBody, 'Hours, in order', 10)
  readonly intervals!: readonly HoursBody[];
}

/** Hours of a week as pages show them. */
export const WEEKLY_SHAPE = list(object({ weekday: 'integer', intervals: list(object({ from: 'text', to: 'text' })) }));
