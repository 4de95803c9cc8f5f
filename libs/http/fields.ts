import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ValidateBy, ValidateIf, ValidateNested, type ValidationArguments } from 'class-validator';
import {
  type Check,
  calendarDay,
  documentNumber,
  employerId,
  flag,
  freeText,
  label,
  listOf,
  oneOf,
  pattern,
  personName,
  phoneNumber,
  uuid,
  wholeNumber,
} from './checks.js';

interface FieldOptions {
  readonly optional?: boolean;
}

/** One field of a body: what it must be, and what the API's description says of it. */
export function Field(check: Check, schema: ApiPropertyOptions, { optional = false }: FieldOptions = {}): PropertyDecorator {
  const judge: Check = (value, owner) => (value === undefined ? { code: 'field-required' } : check(value, owner));
  const owner = (args?: ValidationArguments) => (args?.object ?? {}) as Record<string, unknown>;
  return applyDecorators(
    ApiProperty({ ...schema, required: !optional } as ApiPropertyOptions),
    whenGiven(optional),
    ValidateBy({
      name: 'fault',
      validator: {
        validate: (value, args) => judge(value, owner(args)) === undefined,
        // Carried to the pipe, which makes people's text of it.
        defaultMessage: (args) => JSON.stringify(judge(args?.value, owner(args))),
      },
    }),
  );
}

/** Leaves an absent optional field unjudged; null is not absent. */
function whenGiven(optional: boolean): PropertyDecorator {
  return (target, key) => {
    if (optional) ValidateIf((object) => (object as Record<string | symbol, unknown>)[key] !== undefined)(target, key);
  };
}

const text = (description: string, more: object = {}): ApiPropertyOptions => ({ type: String, description, ...more });

export const FreeText = (description: string, options?: FieldOptions & { max?: number }) =>
  Field(freeText(options?.max), text(description, { minLength: 1, maxLength: options?.max ?? 4_000 }), options);

export const Label = (description: string, max: number, options?: FieldOptions) =>
  Field(label(max), text(description, { minLength: 1, maxLength: max }), options);

export const PersonName = (description: string, options?: FieldOptions) =>
  Field(personName, text(description, { minLength: 1, maxLength: 50 }), options);

export const PhoneNumber = (options?: FieldOptions) =>
  Field(phoneNumber, text('Mainland mobile number, or + and a country’s number', { example: '13900000000' }), options);

export const DocumentNumber = (options?: FieldOptions) =>
  Field(documentNumber, text('Number of the document named by documentType'), options);

export const Uuid = (description: string, options?: FieldOptions) => Field(uuid, text(description, { format: 'uuid' }), options);

/** An employer; `nullable` where it may be said that there is none. */
export const EmployerId = (description: string, { nullable = false, ...options }: FieldOptions & { nullable?: boolean } = {}) =>
  Field(
    (value, owner) => (nullable && value === null ? undefined : employerId(value, owner)),
    { ...text(description, { minLength: 18, maxLength: 18, example: '91350100M000100Y43' }), ...(nullable ? { nullable } : {}) },
    options,
  );

export const Code = (description: string, form: RegExp, options?: FieldOptions) =>
  Field(pattern(form, 'code-invalid'), text(description, { pattern: form.source }), options);

export const Day = (description: string, options?: FieldOptions) =>
  Field(calendarDay, text(description, { format: 'date' }), options);

export const OneOf = (allowed: readonly string[], description: string, options?: FieldOptions) =>
  Field(oneOf(allowed), text(description, { enum: [...allowed] }), options);

export const WholeNumber = (min: number, max: number, description: string, options?: FieldOptions) =>
  Field(wholeNumber(min, max), { type: 'integer', minimum: min, maximum: max, description }, options);

export const YesNo = (description: string, options?: FieldOptions) => Field(flag, { type: Boolean, description }, options);

export const Codes = (description: string, form: RegExp, max: number, options?: FieldOptions) =>
  Field(
    listOf(pattern(form, 'code-invalid'), max),
    { type: String, isArray: true, maxItems: max, description } as ApiPropertyOptions,
    options,
  );

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of its own class inside a body. */
export function Nested(make: () => new () => object, description: string, options: FieldOptions = {}): PropertyDecorator {
  const check: Check = (value) => (isObject(value) ? undefined : { code: 'wrong-type', params: { expected: 'object' } });
  // Swagger tells a class to come from a class by the function's name.
  const schema = { type: () => make(), description } as ApiPropertyOptions;
  return applyDecorators(Field(check, schema, options), Type(make), ValidateNested());
}

/** A list of such objects. */
export function NestedList(
  make: () => new () => object,
  description: string,
  max: number,
  options: FieldOptions = {},
): PropertyDecorator {
  const entry: Check = (value) => (isObject(value) ? undefined : { code: 'wrong-type', params: { expected: 'object' } });
  const schema = { type: () => make(), isArray: true, maxItems: max, description } as ApiPropertyOptions;
  return applyDecorators(Field(listOf(entry, max), schema, options), Type(make), ValidateNested({ each: true }));
}
