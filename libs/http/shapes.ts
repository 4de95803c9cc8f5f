import { applyDecorators } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';

const KINDS = {
  text: { type: 'string' },
  uuid: { type: 'string', format: 'uuid' },
  /** ISO 8601 with offset. */
  instant: { type: 'string', format: 'date-time' },
  day: { type: 'string', format: 'date' },
  /** Revisions and positions: whole numbers past what JSON numbers hold. */
  bigint: { type: 'string', pattern: '^\\d+$' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  flag: { type: 'boolean' },
  any: {},
} as const;

type Kind = keyof typeof KINDS;

/** A schema of OpenAPI 3.1, or the name of a kind; with `?` it may be null. */
export type Shape = Kind | `${Kind}?` | Readonly<Record<string, unknown>>;

function schemaOf(shape: Shape): Readonly<Record<string, unknown>> {
  if (typeof shape !== 'string') return shape;
  const kind = shape.replace('?', '') as Kind;
  return shape.endsWith('?') ? orNull(KINDS[kind]) : KINDS[kind];
}

const orNull = (schema: Readonly<Record<string, unknown>>) => ({ ...schema, type: [schema.type, 'null'] });

/** An object that has all of these members and no others. */
export const object = (members: Readonly<Record<string, Shape>>) => ({
  type: 'object',
  required: Object.keys(members),
  properties: Object.fromEntries(Object.entries(members).map(([name, shape]) => [name, schemaOf(shape)])),
  additionalProperties: false,
});

export const list = (items: Shape) => ({ type: 'array', items: schemaOf(items) });

export const nullable = (shape: Readonly<Record<string, unknown>>) => orNull(shape);

/** What a route shows when all is well. */
export const Shows = (description: string, shape: Readonly<Record<string, unknown>>): MethodDecorator =>
  applyDecorators(ApiOkResponse({ description, schema: shape as never }));

/** The same for a route that makes something and is no command. */
export const Makes = (description: string, shape: Readonly<Record<string, unknown>>): MethodDecorator =>
  applyDecorators(ApiCreatedResponse({ description, schema: shape as never }));
