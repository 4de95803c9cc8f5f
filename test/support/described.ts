type Schema = Readonly<{
  $ref?: string;
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: unknown[];
  format?: string;
  pattern?: string;
}>;

export interface ApiDocument {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

const FORMATS: Record<string, RegExp> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/,
};

/** In what a body differs from what the API's description says of this answer; undefined when it is as described. */
export function deviation(
  document: ApiDocument,
  method: string,
  path: string,
  status: number,
  body: unknown,
): string | undefined {
  const concrete = path.split('?')[0]!;
  const route = Object.keys(document.paths)
    .filter((each) => new RegExp(`^${each.replace(/\{\w+\}/g, '[^/]+')}$`).test(concrete))
    .sort((a, b) => (a.match(/\{/g)?.length ?? 0) - (b.match(/\{/g)?.length ?? 0))[0];
  const response = route && document.paths[route]?.[method.toLowerCase()]?.responses[status];
  if (!response) return `${method} ${path} does not say that it answers ${status}`;
  const schema = response.content && Object.values(response.content)[0]?.schema;
  if (!schema) return `${method} ${path} does not say what it answers with ${status}`;
  const found = differs(document, schema, body, '$');
  return found && `${method} ${route} ${status}: ${found}`;
}

function differs(document: ApiDocument, schema: Schema, value: unknown, at: string): string | undefined {
  if (schema.$ref) return differs(document, document.components.schemas[schema.$ref.split('/').at(-1)!]!, value, at);
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  const type = typeOf(value);
  if (types && !types.includes(type) && !(type === 'integer' && types.includes('number')))
    return `${at} is ${type}, not ${types}`;
  if (schema.enum && !schema.enum.includes(value)) return `${at} is none of ${schema.enum}`;
  if (typeof value === 'string') {
    const form = schema.pattern ? new RegExp(schema.pattern) : schema.format && FORMATS[schema.format];
    return form && !form.test(value) ? `${at} is not of the form ${form}` : undefined;
  }
  if (Array.isArray(value))
    return first(value, (item, i) => schema.items && differs(document, schema.items, item, `${at}[${i}]`));
  if (typeof value !== 'object' || value === null) return undefined;
  const missing = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (missing) return `${at}.${missing} is missing`;
  return first(Object.entries(value), ([name, member]) => {
    const inner = schema.properties?.[name];
    if (inner) return differs(document, inner, member, `${at}.${name}`);
    if (schema.additionalProperties === false) return `${at}.${name} is not described`;
    return typeof schema.additionalProperties === 'object'
      ? differs(document, schema.additionalProperties, member, `${at}.${name}`)
      : undefined;
  });
}

function first<T>(items: readonly T[], find: (item: T, i: number) => string | undefined): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = find(item, i);
    if (found) return found;
  }
  return undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
