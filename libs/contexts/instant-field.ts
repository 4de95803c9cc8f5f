import { type Check, Field } from '@huicai/http';
import { parseInstant, WorkingTimeError } from '@huicai/working-time';

/** An instant, ISO 8601 with offset, to the millisecond. */
export const instant: Check = (value) => {
  if (typeof value !== 'string') return { code: 'wrong-type', params: { expected: 'string' } };
  try {
    parseInstant(value);
    return undefined;
  } catch (error) {
    if (error instanceof WorkingTimeError) return { code: 'instant-invalid' };
    throw error;
  }
};

/** A field of a body that holds an instant. */
export const InstantField = (description: string, options?: { optional?: boolean }): PropertyDecorator =>
  Field(instant, { type: String, format: 'date-time', description, example: '2026-10-12T10:00:00+08:00' }, options);
