import { plainToInstance } from 'class-transformer';
import { type ValidationError, validate } from 'class-validator';
import { BadInput, badInput, type Fault, type FieldFault } from './faults.js';

/** The body of a request that says nothing but its path; one that may say more comes from this and can be left out as well. */
export class NoBody {}

const MAX_DEPTH = 12;

/**
 * Judges a body against its class and gives it back as plain JSON in Unicode NFC. Nothing is converted: `"5"` is no number.
 * @throws BadInput with every fault found
 */
export async function validateBody(type: new () => object, body: unknown): Promise<unknown> {
  const given = body === undefined && mayBeLeftOut(type) ? {} : body;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badInput(given === undefined ? 'field-required' : 'wrong-type', '$', { expected: 'object' });
  const plain = composed(given, '', 0);
  if (type === NoBody) {
    const [unknown] = Object.keys(plain as object);
    if (unknown !== undefined) throw badInput('unknown-field', shown(unknown));
    return plain;
  }
  const instance = plainToInstance(type, plain) as object;
  const errors = await validate(instance, { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: false });
  const [first, ...rest] = errors.flatMap((error) => faultsOf(error, ''));
  if (first) throw new BadInput([first, ...rest]);
  return plain;
}

const mayBeLeftOut = (type: new () => object): boolean => type === NoBody || type.prototype instanceof NoBody;

function composed(value: unknown, path: string, depth: number): unknown {
  if (typeof value === 'string') return value.normalize('NFC');
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw badInput('too-deep', '$', { max: MAX_DEPTH });
  if (Array.isArray(value)) return value.map((item, i) => composed(item, pathOf(path, String(i)), depth + 1));
  const entries = Object.entries(value).map(([key, item]) => {
    // What every object inherits is skipped on the way into a class, and would pass unseen.
    if (key in Object.prototype) throw badInput('unknown-field', pathOf(path, key));
    return [key, composed(item, pathOf(path, key), depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function faultsOf(error: ValidationError, parent: string): FieldFault[] {
  const field = pathOf(parent, error.property);
  const { fault, whitelistValidation }: Partial<Record<string, string>> = error.constraints ?? {};
  if (whitelistValidation !== undefined) return [{ code: 'unknown-field', field: pathOf(parent, shown(error.property)) }];
  // A value of the wrong shape has faults inside that say nothing more.
  if (fault !== undefined) {
    const { at = '', ...found } = JSON.parse(fault) as Fault;
    return [{ ...found, field: `${field}${at}` }];
  }
  return (error.children ?? []).flatMap((child) => faultsOf(child, field));
}

const pathOf = (parent: string, name: string): string => {
  if (parent === '') return name;
  return /^\d+$/.test(name) ? `${parent}[${name}]` : `${parent}.${name}`;
};

/** A field name that came from outside, cut to what is safe to repeat. */
const shown = (name: string): string => (/^[\w.-]{1,64}$/.test(name) ? name : '?');
