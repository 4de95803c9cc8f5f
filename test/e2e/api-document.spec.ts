import { startTestApi, type TestApi } from '../support/api.js';

interface Operation {
  readonly summary?: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly $ref?: string } }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: { readonly $ref?: string } }> }>;
}

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
      if (path.startsWith('/health')) continue;
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

  it('lets nobody in but to the login, the health checks and itself', async () => {
    for (const { route, path, operation } of operations()) {
      if (path.startsWith('/health') || path === '/api/v1/auth/token') continue;
      const url = path
        .replace(/\{version\}/, 'v-1')
        .replace(/\{number\}/, '1')
        .replace(/\{\w+\}/g, '0190b5a0-0000-7000-8000-000000000000');
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
