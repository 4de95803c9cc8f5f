import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem; `code` is stable, texts follow Accept-Language (zh-CN, en)',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', example: 'urn:huicai:problem:illegal-step' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', example: 'illegal-step' },
    detail: { type: 'string' },
    field: { type: 'string', description: 'JSON path, parameter or header at fault' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'code', 'detail'],
        properties: { field: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
} as const;

const COMMAND_SCHEMA = {
  type: 'object',
  required: ['id', 'revision', 'position', 'events'],
  properties: {
    id: { type: 'string' },
    number: { type: 'string', description: 'Case or card number, for creations that give one' },
    version: { type: 'integer', description: 'Version of a calendar, for commands that publish one' },
    revision: { type: 'string', description: 'Revision after the command, as in ETag' },
    position: { type: ['string', 'null'], description: 'Commit position, for X-Min-Position' },
    events: { type: 'array', items: { type: 'string' } },
  },
} as const;

const WRITES = new Set(['post', 'put', 'patch']);
/** Routes that write nothing to the log although they are posted to. */
const NO_COMMAND = new Set([
  '/api/v1/auth/token',
  '/api/v1/auth/users',
  '/api/v1/talents/search',
  '/api/v1/queue/search',
  '/api/v1/cases/bulk/assign',
  '/api/v1/cases/bulk/remind',
  '/api/v1/working-time/deadline',
  '/api/v1/sla/what-if',
  '/api/v1/calendars/{calendarId}/changes/preview',
  '/api/v1/policies/{policyId}/changes/preview',
  '/api/v1/channels/{channelId}/routing/dry-run',
]);

const headerParameter = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

const COMMAND_HEADERS = [
  headerParameter('Idempotency-Key', '1 to 200 visible ASCII characters; made and returned when left out'),
  headerParameter('If-Match', 'Revision the caller saw last, quoted'),
];
const QUERY_HEADERS = [
  headerParameter('X-Min-Position', 'Position the answer has to have reached; waits up to 5 s'),
  headerParameter(
    'X-Consistency',
    '`strict`: 503 rather than a stale answer, one that lacks the position asked for or is more than 5 s behind; without it `X-Stale: true`',
  ),
  headerParameter('X-Purpose', 'What personal data is read for, a code; `case-handling` unless told'),
  headerParameter('If-None-Match', 'ETag of what the caller has'),
];

const STREAM = '/api/v1/stream';
const STREAM_HEADERS = [headerParameter('Last-Event-ID', 'Id of the last event received; the stream goes on after it')];

/** OpenAPI 3.1 at /api/openapi.json, a page of it at /api/docs. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('惠才 Huicai')
    .setDescription(
      'Case management for talent services: cards, service list, green channels, cases against promised time limits.',
    )
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never, CommandAnswer: COMMAND_SCHEMA as never },
  };
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) complete(path, method, operation);
  SwaggerModule.setup('api/docs', app, document, { jsonDocumentUrl: 'api/openapi.json', raw: ['json'] });
  return document;
}

interface Operation {
  parameters?: unknown[];
  requestBody?: { content?: Record<string, { schema?: { $ref?: string } }> };
  responses: Record<string, unknown>;
  security?: unknown[];
}

function complete(path: string, method: string, operation: Operation): void {
  if (path.startsWith('/health') || path === '/metrics') return;
  const isCommand = WRITES.has(method) && !NO_COMMAND.has(path) && !path.startsWith('/api/v1/admin/');
  const isPublic = path === '/api/v1/auth/token';
  if (!isPublic) operation.security = [{ bearer: [] }];
  if (operation.requestBody?.content?.['application/json']?.schema?.$ref?.endsWith('/NoBody')) delete operation.requestBody;
  const headers = path === STREAM ? STREAM_HEADERS : isCommand ? COMMAND_HEADERS : method === 'get' ? QUERY_HEADERS : [];
  operation.parameters = [...(operation.parameters ?? []), ...headers];
  const statuses = [
    ...(WRITES.has(method) ? [400, 413, 415, 422] : [400, 422]),
    ...(isPublic ? [401, 404, 429] : [401, 403, 404]),
    ...(path === STREAM ? [406] : []),
    ...(isCommand ? [409, 412] : []),
    ...(path === '/api/v1/auth/users' ? [409] : []),
    500,
    503,
  ];
  for (const status of statuses) operation.responses[String(status)] = problemResponse;
  if (!isCommand) return;
  const done = operation.responses['201'] ? '201' : '200';
  operation.responses[done] = {
    description: 'Recorded; a repeat with the same Idempotency-Key answers the same',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/CommandAnswer' } } },
  };
}

const problemResponse = {
  description: 'Problem',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
