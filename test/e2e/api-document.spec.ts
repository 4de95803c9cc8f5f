import fc from 'fast-check';
import { startTestApi, type TestApi } from '../support/api.js';

interface Operation {
  readonly summary?: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly $ref?: string } }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: { readonly $ref?: string } }> }>;
}

/** Nobody's. */
const ID = '0190b5a0-0000-7000-8000-000000000000';

describe('the description of the API', () => {
  let api: TestApi;
  let document: {
    readonly openapi: string;
    readonly paths: Record<string, Record<string, Operation>>;
    readonly components: { readonly schemas: Record<string, unknown> };
  };
  const guest = () => api.withToken(undefined);

  beforeAll(async () => {
    api = await startTestApi();
    document = (await guest().get('/api/openapi.json')).json;
  }, 60_000);
  afterAll(() => api?.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, path, operation })),
    );

  it('is OpenAPI 3.1 and names every route there is', () => {
    expect(document.openapi).toBe('3.1.0');
    const routes = api.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false }) as string;
    const served = routesOf(routes).filter((route) => !/\/api\/(docs|openapi)/.test(route) && !route.startsWith('HEAD '));
    const described = operations().map(({ route }) => route.replace(/\{(\w+)\}/g, ':$1'));
    expect(new Set(described)).toEqual(new Set(served));
    expect(described.length).toBeGreaterThan(45);
  });

  it('says of every route what it does, who may call it and how it refuses', () => {
    for (const { route, path, operation } of operations()) {
      expect([route, operation.summary]).toEqual([route, expect.any(String)]);
      if (path.startsWith('/health') || path === '/metrics') continue;
      const statuses = Object.keys(operation.responses);
      const wanted = ['400', '401', '404', '503', ...(path === '/api/v1/auth/token' ? ['429'] : ['403'])];
      expect([route, statuses]).toEqual([route, expect.arrayContaining(wanted)]);
      for (const status of statuses.filter((each) => each >= '400'))
        expect(operation.responses[status]!.content!['application/problem+json']!.schema.$ref).toBe(
          '#/components/schemas/Problem',
        );
      if (path !== '/api/v1/auth/token') expect([route, operation.security]).toEqual([route, [{ bearer: [] }]]);
    }
  });

  it('describes each body down to its fields, and refers to nothing that is not there', () => {
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    for (const name of names) expect([name, document.components.schemas[name]]).toEqual([name, expect.any(Object)]);
    expect(document.components.schemas.RegisterTalentBody).toMatchObject({
      required: ['name', 'documentType', 'documentNumber', 'phone', 'category', 'engagement', 'employer'],
      properties: { category: { enum: ['P1', 'P2', 'P3', 'P4', 'P5', 'M'] }, name: { maxLength: 50 } },
    });
    expect(document.components.schemas.RegisterCaseBody).toMatchObject({
      properties: { concerns: { type: 'array', items: { $ref: '#/components/schemas/ConcernBody' } } },
    });
  });

  it('has a page of its own that needs nothing from elsewhere', async () => {
    const page = await guest().get('/api/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/(src|href)="https?:/);
    const scripts = [...page.text.matchAll(/<script src="([^"]+)"/g)].map(([, src]) => src!);
    expect(scripts.length).toBeGreaterThan(1);
    for (const src of scripts) {
      const script = await guest().get(new URL(src, 'http://host/api/docs').pathname);
      expect([src, script.status, script.headers['content-type']]).toEqual([src, 200, expect.stringMatching(/javascript/)]);
    }
    // No script stands in the page itself, which the policy would not run.
    expect(page.text).not.toMatch(/<script>(?!\s*<\/script>)/);
  });

  it('has an answer other than 500 to any body, query and header', async () => {
    const roles = ['window', 'supervisor', 'admin', 'talent', 'department', 'specialist', 'venue'] as const;
    const clients = await Promise.all(
      roles.map((role) =>
        api.as(role, { talentId: ID, specialistId: ID, departmentId: role === 'department' ? 'rsj' : undefined }),
      ),
    );
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(ID, '04', 'rsj', 'NORMAL', 'PASSPORT', '2026-02-30', '13900000000', 'constructor', '\u0000', 1e308, -0),
    );
    const fields = Object.values(document.components.schemas).flatMap((schema) =>
      Object.keys((schema as { properties?: object }).properties ?? {}),
    );
    const body = fc.oneof(odd, fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 8 }));
    const query = fc.dictionary(
      fc.constantFrom('limit', 'cursor', 'light', 'number', 'acceptedFrom', 'by', 'from', 'to', 'departmentId', 'x'),
      fc.oneof(fc.constantFrom('1', 'RED', '2026-01', 'rsj', 'item'), fc.string({ maxLength: 20 })),
      { maxKeys: 5 },
    );
    const headers = fc.record(
      {
        'if-match': fc.constantFrom('"0"', '"99999999999999999999"', '*', ''),
        'idempotency-key': fc.constantFrom('a', '', ' '),
        'x-min-position': fc.constantFrom('0', 'x', '99999999999999999999'),
        'if-none-match': fc.constantFrom('*', '"0"', 'x'),
        'accept-language': fc.string({ maxLength: 20 }).map((text) => text.replace(/[^ -~]/g, '')),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations()),
        fc.constantFrom(...clients),
        body,
        query,
        headers,
        async ({ route, path }, client, sent, asked, heads) => {
          const [method = ''] = route.split(' ');
          const id = path
            .replace(/\{version\}/, '2024-draft')
            .replace(/\{number\}/, '371300000000001')
            .replace(/\{\w+\}/g, ID);
          const url = method === 'GET' ? `${id}?${new URLSearchParams(asked)}` : id;
          const reply = await client.send(method, url, method === 'GET' ? undefined : sent, { headers: heads });
          expect([route, reply.status, reply.status < 500 || reply.status === 503]).toEqual([route, reply.status, true]);
          if (reply.status >= 400 && !path.startsWith('/health'))
            expect(reply.json).toMatchObject({ code: expect.any(String), detail: expect.any(String) });
        },
      ),
      { numRuns: 600 },
    );
    expect(api.lines.filter((line) => line.startsWith('fault '))).toEqual([]);
  }, 60_000);

  it('lets nobody in but to the login, the health checks, the metrics and itself', async () => {
    for (const { route, path, operation } of operations()) {
      if (path.startsWith('/health') || path === '/metrics' || path === '/api/v1/auth/token') continue;
      const url = path
        .replace(/\{version\}/, 'v-1')
        .replace(/\{number\}/, '1')
        .replace(/\{\w+\}/g, ID);
      const reply = await guest().send(route.split(' ')[0]!, url, operation.requestBody ? {} : undefined);
      expect([route, reply.status, reply.json.code]).toEqual([route, 401, 'token-missing']);
    }
  });
});

/** `METHOD path` of every route, from Fastify's own picture of its routes. */
function routesOf(tree: string): string[] {
  const routes: string[] = [];
  const above: string[] = [];
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!match) continue;
    const depth = match[1]!.length / 4;
    above[depth] = match[2]!;
    const path = above.slice(0, depth + 1).join('');
    for (const method of match[3]?.split(', ') ?? []) routes.push(`${method} ${path}`);
  }
  return routes;
}
