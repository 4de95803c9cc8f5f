import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { Check } from './checks.js';
import { BadInput, type FieldFault } from './faults.js';

/** One parameter of a query string: how its text is read and judged. */
export interface Parameter<T> {
  readonly read: (text: string) => unknown;
  readonly check: Check;
  readonly description: string;
  readonly schema: object;
  readonly required?: boolean;
  readonly __type?: T;
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;
export type ValuesOf<P extends Parameters> = {
  readonly [K in keyof P]?: P[K] extends Parameter<infer T> ? T : never;
};

const asText = (text: string): unknown => text.normalize('NFC');

export const textParameter = <T extends string = string>(
  check: Check,
  description: string,
  schema: object = {},
): Parameter<T> => ({
  read: asText,
  check,
  description,
  schema: { type: 'string', ...schema },
});

export const numberParameter = (check: Check, description: string): Parameter<number> => ({
  read: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  check,
  description,
  schema: { type: 'integer' },
});

export const flagParameter = (description: string): Parameter<boolean> => ({
  read: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  check: (value) => (typeof value === 'boolean' ? undefined : { code: 'wrong-type', params: { expected: 'boolean' } }),
  description,
  schema: { type: 'boolean' },
});

export const required = <T>(parameter: Parameter<T>): Parameter<T> => ({ ...parameter, required: true });

/**
 * Reads the parameters a query string may have; each at most once.
 * @throws BadInput with every fault found
 */
export function readParameters<P extends Parameters>(known: P, query: Readonly<Record<string, unknown>>): ValuesOf<P> {
  const faults: FieldFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(query)) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!parameter) faults.push({ code: 'unknown-parameter', field: /^[\w.-]{1,64}$/.test(name) ? name : '?' });
    else if (typeof text !== 'string') faults.push({ code: 'wrong-type', field: name, params: { expected: 'once' } });
    else {
      const value = parameter.read(text);
      const found = parameter.check(value, {});
      if (found) faults.push({ ...found, field: name });
      else values[name] = value;
    }
  }
  for (const [name, parameter] of Object.entries(known))
    if (parameter.required && query[name] === undefined) faults.push({ code: 'field-required', field: name });
  const [first, ...rest] = faults;
  if (first) throw new BadInput([first, ...rest]);
  return values as ValuesOf<P>;
}

/** Describes the parameters of a route. */
export function ApiParameters(known: Parameters): MethodDecorator {
  return applyDecorators(
    ...Object.entries(known).map(([name, { description, schema, required: needed = false }]) =>
      ApiQuery({ name, description, required: needed, schema }),
    ),
  );
}
