import { randomUUID } from 'node:crypto';
import { cursorOf } from '@huicai/http';
import { LocalIssuer } from '@huicai/identity';
import { type Client, type Reply, type SendOptions, someTalent, startTestApi, type TestApi } from '../support/api.js';

describe('bad input', () => {
  let api: TestApi;
  let window: Client;
  let supervisor: Client;
  let admin: Client;
  let talent: Client;
  let talentId: string;
  let caseId: string;
  let head: string;

  const aCase = () => ({ talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' });

  beforeAll(async () => {
    api = await startTestApi();
    [window, supervisor, admin] = await Promise.all([api.as('window'), api.as('supervisor'), api.as('admin')]);
    talentId = (await window.post('talents', someTalent())).json.id;
    talent = await api.as('talent', { talentId });
    caseId = (await window.post('cases', aCase())).json.id;
    await window.get('queue');
    head = await api.head();
  }, 60_000);
  afterAll(() => api?.stop());

  /** The refusal in Chinese, with the same in English looked at. */
  async function refused(
    send: (headers: Record<string, string>) => Promise<Reply>,
    status: number,
    code: string,
    field?: string,
  ): Promise<Reply> {
    const zh = await send({ 'accept-language': 'zh-CN' });
    const en = await send({ 'accept-language': 'en-GB,en;q=0.9,zh;q=0.1' });
    for (const reply of [zh, en]) {
      expect([reply.status, reply.json?.code, reply.json?.field, reply.text.slice(0, 300)]).toEqual([
        status,
        code,
        field,
        expect.any(String),
      ]);
      expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(reply.json).toMatchObject({ type: `urn:huicai:problem:${code}`, status, title: expect.any(String) });
      expect(reply.text).not.toMatch(/at .*\.[tj]s:\d|node_modules|"stack"/);
      expect(reply.json.detail).not.toMatch(/[{}]|undefined/);
    }
    expect(zh.json.detail).toMatch(/\p{Script=Han}/u);
    expect(en.json.detail).toMatch(/^[ -~’]+$/);
    return zh;
  }

  const posting =
    (client: () => Client, path: () => string, body: () => unknown, options: SendOptions = {}) =>
    (headers: Record<string, string>) =>
      client().post(path(), body(), { ...options, headers: { ...options.headers, ...headers } });

  describe('in the body of a talent', () => {
    const cases: [string, Record<string, unknown>, number, string, string][] = [
      ['an unknown field', { salary: 1 }, 400, 'unknown-field', 'salary'],
      ['a field every object has', { toString: 1 }, 400, 'unknown-field', 'toString'],
      ['a constructor', { constructor: { name: 'x' } }, 400, 'unknown-field', 'constructor'],
      ['a field named in Chinese', { 工资: 1 }, 400, 'unknown-field', '?'],
      ['a number for a name', { name: 5 }, 400, 'wrong-type', 'name'],
      ['null for a name', { name: null }, 400, 'wrong-type', 'name'],
      ['a list for a phone number', { phone: ['13900000000'] }, 400, 'wrong-type', 'phone'],
      ['no name', { name: undefined }, 400, 'field-required', 'name'],
      ['an empty name', { name: '  ' }, 422, 'text-empty', 'name'],
      ['a name of 51 characters', { name: '张'.repeat(51) }, 422, 'text-too-long', 'name'],
      ['an emoji in a name', { name: '张😀' }, 422, 'emoji-in-name', 'name'],
      ['a flag in a name', { name: '张🇨🇳' }, 422, 'emoji-in-name', 'name'],
      ['a control character in a name', { name: '张\u0007三' }, 422, 'control-character', 'name'],
      ['a line break in a name', { name: '张\n三' }, 422, 'control-character', 'name'],
      ['an invisible character in a name', { name: '张\u200b三' }, 422, 'name-character', 'name'],
      ['half a character in a name', { name: '张\ud800' }, 422, 'lone-surrogate', 'name'],
      ['markup in a name', { name: '<b>张</b>' }, 422, 'name-character', 'name'],
      ['a short phone number', { phone: '139' }, 422, 'phone-invalid', 'phone'],
      ['an unknown category', { category: 'P9' }, 422, 'not-one-of', 'category'],
      ['a passport in lower case', { documentNumber: 'abc12345' }, 422, 'passport-invalid', 'documentNumber'],
      ['an employer of 101 characters', { employer: '公'.repeat(101) }, 422, 'text-too-long', 'employer'],
      [
        'an identity number too short',
        { documentType: 'RESIDENT_ID', documentNumber: '1234' },
        422,
        'resident-id-invalid',
        'documentNumber',
      ],
      [
        'a birthday on 30 February',
        { documentType: 'RESIDENT_ID', documentNumber: '990000199002300011' },
        422,
        'resident-id-date',
        'documentNumber',
      ],
      [
        'a wrong check digit',
        { documentType: 'RESIDENT_ID', documentNumber: '990000199001010010' },
        422,
        'resident-id-check-digit',
        'documentNumber',
      ],
    ];
    it.each(cases)('%s', async (_, change, status, code, field) => {
      const reply = await refused(
        posting(
          () => window,
          () => 'talents',
          () => ({ ...someTalent(), ...change }),
        ),
        status,
        code,
        field,
      );
      expect(reply.json.errors).toEqual([{ field, code, detail: expect.any(String) }]);
    });

    it('all faults at once, each with its field', async () => {
      const body = { ...someTalent(), name: 7, phone: '1', extra: true };
      const { json } = await window.post('talents', body);
      expect(json.errors.map(({ field, code }: { field: string; code: string }) => [field, code]).sort()).toEqual([
        ['extra', 'unknown-field'],
        ['name', 'wrong-type'],
        ['phone', 'phone-invalid'],
      ]);
    });

    it('a document that belongs to another talent', async () => {
      const taken = someTalent();
      expect((await window.post('talents', taken)).status).toBe(201);
      head = await api.head();
      await refused(
        posting(
          () => window,
          () => 'talents',
          () => ({ ...taken, name: '别人' }),
        ),
        422,
        'identity-taken',
        'documentNumber',
      );
    });
  });

  describe('in the form of a request', () => {
    const raw =
      (text: string | Buffer, type = 'application/json') =>
      (headers: Record<string, string>) =>
        window.post('talents', undefined, { raw: text, headers: { ...headers, 'content-type': type } });
    const cases: [string, (headers: Record<string, string>) => Promise<Reply>, number, string, string | undefined][] = [
      ['half a JSON document', raw('{"name": '), 400, 'malformed-json', '$'],
      ['bytes that are no UTF-8', raw(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 400, 'malformed-json', '$'],
      ['a poisoned prototype', raw('{"__proto__": {"admin": true}}'), 400, 'malformed-json', '$'],
      ['a list for a body', raw('[]'), 400, 'wrong-type', '$'],
      ['a string for a body', raw('"x"'), 400, 'wrong-type', '$'],
      ['very deep nesting', raw(`{"name": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`), 400, 'too-deep', '$'],
      ['no body at all', (h) => window.post('talents', undefined, { headers: h }), 400, 'field-required', '$'],
      ['a string of a megabyte', raw(JSON.stringify({ name: 'x'.repeat(1_000_000) })), 413, 'body-too-large', undefined],
      ['a form instead of JSON', raw('name=x', 'application/x-www-form-urlencoded'), 415, 'content-type-unsupported', undefined],
      ['plain text instead of JSON', raw('x', 'text/plain'), 415, 'content-type-unsupported', undefined],
      ['a path nobody knows', (h) => window.get('nowhere', h), 404, 'route-not-found', undefined],
      [
        'a method the path does not have',
        (h) => window.send('DELETE', 'talents', undefined, { headers: h }),
        404,
        'route-not-found',
        undefined,
      ],
      ['a path that is no URL', (h) => window.get('/api/v1/%zz', h), 400, 'url-malformed', '$'],
      ['an id that is no UUID', (h) => window.get('cases/1', h), 400, 'not-a-uuid', 'caseId'],
      ['an id in capitals', (h) => window.get(`cases/${caseId.toUpperCase()}`, h), 400, 'not-a-uuid', 'caseId'],
      [
        'an If-Match without quotes',
        (h) => window.post(`cases/${caseId}/accept`, undefined, { headers: { ...h, 'if-match': '0' } }),
        400,
        'if-match-invalid',
        'If-Match',
      ],
      [
        'an Idempotency-Key with a space',
        (h) => window.post('cases', aCase(), { headers: { ...h, 'idempotency-key': 'a b' } }),
        400,
        'idempotency-key-invalid',
        'Idempotency-Key',
      ],
      [
        'an Idempotency-Key of 201 characters',
        (h) => window.post('cases', aCase(), { headers: { ...h, 'idempotency-key': 'k'.repeat(201) } }),
        400,
        'idempotency-key-invalid',
        'Idempotency-Key',
      ],
      [
        'a correlation id that is none',
        (h) => window.get('queue', { ...h, 'x-correlation-id': 'mine' }),
        400,
        'correlation-id-invalid',
        'X-Correlation-Id',
      ],
      [
        'a position that is none',
        (h) => window.get('queue', { ...h, 'x-min-position': '-1' }),
        400,
        'min-position-invalid',
        'X-Min-Position',
      ],
      [
        'a purpose in words',
        (h) => window.get(`talents/${talentId}`, { ...h, 'x-purpose': 'Because I like to' }),
        400,
        'purpose-invalid',
        'X-Purpose',
      ],
      ['an unknown query parameter', (h) => window.get('queue?sort=due', h), 400, 'unknown-parameter', 'sort'],
      ['a limit of 0', (h) => window.get('queue?limit=0', h), 422, 'out-of-range', 'limit'],
      ['a limit in words', (h) => window.get('queue?limit=ten', h), 400, 'wrong-type', 'limit'],
      ['a light nobody has seen', (h) => window.get('queue?light=BLUE', h), 422, 'not-one-of', 'light'],
      ['a cursor nobody gave out', (h) => window.get('queue?cursor=abc', h), 400, 'cursor-invalid', 'cursor'],
      ...['2026-99-99', '2026-02-30', '0000-01-01'].flatMap((day): typeof cases => [
        [
          `a cursor of the queue with the day ${day}`,
          (h) => window.get(`queue?cursor=${cursorOf({ due: `${day}T00:00:00.000Z`, caseId: randomUUID() })}`, h),
          400,
          'cursor-invalid',
          'cursor',
        ],
        [
          `a cursor of one’s cases with the day ${day}`,
          (h) => talent.get(`my/cases?cursor=${cursorOf({ registeredAt: `${day}T00:00:00.000Z`, caseId: randomUUID() })}`, h),
          400,
          'cursor-invalid',
          'cursor',
        ],
      ]),
      ['a day that does not exist', (h) => window.get('queue?acceptedFrom=2026-02-30', h), 422, 'date-invalid', 'acceptedFrom'],
      [
        'a month that does not exist',
        (h) => supervisor.get('reports/sla?by=item&from=2026-13&to=2026-14', h),
        422,
        'month-invalid',
        'from',
      ],
      ['a report without a period', (h) => supervisor.get('reports/sla?by=item', h), 400, 'field-required', 'from'],
      [
        'a period that ends before it begins',
        (h) => supervisor.get('reports/sla?by=item&from=2026-05&to=2026-04', h),
        422,
        'period-reversed',
        'from',
      ],
      [
        'a field for a step that takes none',
        (h) => window.post(`cases/${caseId}/accept`, { now: true }, { headers: h }),
        400,
        'unknown-field',
        'now',
      ],
    ];
    it.each(cases)('%s', async (_, send, status, code, field) => {
      await refused(send, status, code, field);
    });
  });

  it('takes any day there is, also from before zones had whole minutes', async () => {
    expect((await window.get('queue?acceptedFrom=1900-01-01&acceptedTo=1900-01-01')).json).toMatchObject({ items: [], total: 0 });
    expect((await window.get('reports/sla?by=month&from=1900-01&to=1900-02')).json.rows).toEqual([]);
  });

  describe('of what there is not, and what can not be', () => {
    const nobody = randomUUID();
    const cases: [string, (headers: Record<string, string>) => Promise<Reply>, number, string, string | undefined][] = [
      ['a case nobody has', (h) => window.get(`cases/${nobody}`, h), 404, 'case-not-found', undefined],
      [
        'a step of a case nobody has',
        (h) => window.post(`cases/${nobody}/accept`, undefined, { headers: h }),
        404,
        'case-not-found',
        undefined,
      ],
      ['the history of a case nobody has', (h) => window.get(`cases/${nobody}/history`, h), 404, 'case-not-found', undefined],
      ['a talent nobody knows', (h) => window.get(`talents/${nobody}`, h), 404, 'talent-not-found', undefined],
      [
        'a case for a talent nobody knows',
        (h) => window.post('cases', { ...aCase(), talentId: nobody }, { headers: h }),
        404,
        'talent-not-found',
        'talentId',
      ],
      [
        'a card for a talent nobody knows',
        (h) => window.post(`talents/${nobody}/cards`, { cardType: 'YIMENG_HUICAI' }, { headers: h }),
        404,
        'talent-not-found',
        undefined,
      ],
      [
        'a card nobody holds',
        (h) => window.post(`talents/${talentId}/cards/${nobody}/activate`, undefined, { headers: h }),
        404,
        'card-not-found',
        undefined,
      ],
      [
        'a specialist nobody enrolled',
        (h) => window.send('PUT', `talents/${talentId}/specialist`, { specialistId: nobody }, { headers: h }),
        422,
        'specialist-not-found',
        'specialistId',
      ],
      ['no specialist yet', (h) => window.get(`talents/${talentId}/specialist`, h), 404, 'talent-without-specialist', undefined],
      [
        'an item not on the list',
        (h) => window.post('cases', { ...aCase(), itemCode: '99' }, { headers: h }),
        422,
        'item-not-offered',
        'itemCode',
      ],
      [
        'an item used on site',
        (h) => window.post('cases', { ...aCase(), itemCode: '24' }, { headers: h }),
        422,
        'item-used-on-site',
        'itemCode',
      ],
      [
        'a channel that is a property of objects',
        (h) => window.post('cases', { ...aCase(), channelId: 'constructor' }, { headers: h }),
        422,
        'channel-not-found',
        'channelId',
      ],
      [
        'a matter of 4001 characters',
        (h) => window.post('cases', { ...aCase(), matter: '字'.repeat(4_001) }, { headers: h }),
        422,
        'text-too-long',
        'matter',
      ],
      [
        'a child whose name is a number',
        (h) => window.post('cases', { ...aCase(), concerns: [{ relation: 'CHILD', name: 1 }] }, { headers: h }),
        400,
        'wrong-type',
        'concerns[0].name',
      ],
      [
        'a cousin',
        (h) => window.post('cases', { ...aCase(), concerns: [{ relation: 'COUSIN', name: '张' }] }, { headers: h }),
        422,
        'not-one-of',
        'concerns[0].relation',
      ],
      [
        'a version of the list nobody drafted',
        (h) => window.get('catalogue/2031', h),
        404,
        'catalogue-version-not-found',
        'version',
      ],
      [
        'a published list',
        (h) => admin.post('catalogue/versions/2024-draft/publish', { effectiveFrom: '2027-01-01' }, { headers: h }),
        409,
        'catalogue-version-published',
        undefined,
      ],
      [
        'a list with an item twice',
        (h) => admin.post('catalogue/versions', { version: 'v-2', items: [item, item] }, { headers: h }),
        422,
        'item-code-repeated',
        'items[1].code',
      ],
      [
        'a department that is there already',
        (h) => admin.post('departments', { departmentId: 'rsj', name: '人社局' }, { headers: h }),
        409,
        'department-exists',
        'departmentId',
      ],
      [
        'a route on a day that does not exist',
        (h) => admin.post('routes', { itemCode: '04', leadDepartmentId: 'rsj', effectiveFrom: '2026-06-31' }, { headers: h }),
        422,
        'date-invalid',
        'effectiveFrom',
      ],
      [
        'a card number with a wrong check digit',
        (h) => window.get('cards/verify/371300000000001', h),
        422,
        'card-number-invalid',
        'number',
      ],
      [
        'a search by two fields',
        (h) => window.post('talents/search', { name: '张', phone: '139' }, { headers: h }),
        422,
        'search-by-one-field',
        '$',
      ],
      [
        'a search for invisible characters',
        (h) => window.post('talents/search', { name: '\u200b' }, { headers: h }),
        422,
        'text-empty',
        'name',
      ],
      [
        'a correction of nothing',
        (h) => window.send('PATCH', `talents/${talentId}`, { changes: {}, reason: '无' }, { headers: h }),
        422,
        'nothing-to-correct',
        'changes',
      ],
      [
        'a document without its number',
        (h) =>
          window.send('PATCH', `talents/${talentId}`, { changes: { documentType: 'PASSPORT' }, reason: '换证' }, { headers: h }),
        422,
        'document-number-needed',
        'changes.documentNumber',
      ],
      [
        'a number without its document',
        (h) =>
          window.send(
            'PATCH',
            `talents/${talentId}`,
            { changes: { documentNumber: 'E1234567' }, reason: '换证' },
            { headers: h },
          ),
        422,
        'document-type-needed',
        'changes.documentNumber',
      ],
      [
        'a step out of order',
        (h) => window.post(`cases/${caseId}/close`, undefined, { headers: h }),
        409,
        'illegal-step',
        undefined,
      ],
      [
        'an unknown reason',
        (h) => window.post(`cases/${caseId}/decline`, { reasonCode: 'BORED' }, { headers: h }),
        422,
        'not-one-of',
        'reasonCode',
      ],
      [
        'a rejection without a reason',
        (h) =>
          supervisor.post(`talents/${talentId}/card-applications/${nobody}/review`, { decision: 'REJECTED' }, { headers: h }),
        422,
        'reason-needed',
        'reason',
      ],
    ];
    const item = { code: '01', name: '医疗', kind: 'C', leadDepartmentId: 'wjj', evidence: 'ARTICLE' };
    it.each(cases)('%s', async (_, send, status, code, field) => {
      await refused(send, status, code, field);
    });

    it('tells the steps that are possible instead', async () => {
      const { json } = await window.post(`cases/${caseId}/close`);
      expect(json).toMatchObject({
        status: 409,
        possible: expect.arrayContaining([
          'AcceptCase',
          'DeclineCase',
          'WithdrawCase',
          'AnswerDirectly',
          'RemindCase',
          'AddNote',
          'SendMessage',
        ]),
      });
    });
  });

  describe('by whoever may not ask', () => {
    it('without a token, with a forged one, with one that has expired', async () => {
      const asking = (token: string | undefined) => (headers: Record<string, string>) =>
        api.withToken(token).get('queue', headers);
      const missing = await refused(asking(undefined), 401, 'token-missing');
      expect(missing.headers['www-authenticate']).toMatch(/^Bearer/);
      const { accessToken } = await api.issuer.issueToken({ id: randomUUID(), role: 'window' });
      const [start, , signature] = accessToken.split('.');
      const claims = { iss: 'urn:huicai:local', aud: 'huicai', sub: randomUUID(), role: 'admin', exp: 4_000_000_000 };
      const forged = `${start}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
      await refused(asking(forged), 401, 'token-invalid');
      await refused(asking('nonsense'), 401, 'token-invalid');
      const elsewhere = await api.issuer.issueToken({ id: randomUUID(), role: 'talent', talentId: "x' or true" });
      await refused(asking(elsewhere.accessToken), 401, 'token-invalid');
      const yesterday = await LocalIssuer.open(api.t.system.vault, () => new Date(Date.now() - 86_400_000));
      const old = await yesterday.issueToken({ id: randomUUID(), role: 'window' });
      await refused(asking(old.accessToken), 401, 'token-expired');
    });

    it('in a role that may not, or that is not one’s own', async () => {
      await refused((h) => admin.get('queue', h), 403, 'role-not-allowed');
      await refused((h) => admin.get(`talents/${talentId}`, h), 403, 'role-not-allowed');
      await refused((h) => supervisor.post(`cases/${caseId}/accept`, undefined, { headers: h }), 403, 'role-not-allowed');
      await refused((h) => window.get('queue', { ...h, 'x-role': 'supervisor' }), 403, 'role-not-owned');
    });

    it('another talent’s case, person or card', async () => {
      const stranger = await api.as('talent', { talentId: randomUUID() });
      for (const path of [`cases/${caseId}`, `cases/${caseId}/history`, `talents/${talentId}`, `talents/${talentId}/cards`])
        await refused((h) => stranger.get(path, h), 403, 'not-yours');
      const send = (h: Record<string, string>) =>
        stranger.post(`cases/${caseId}/withdraw`, { reasonCode: 'DUPLICATE' }, { headers: h });
      await refused(send, 403, 'not-yours');
      await refused((h) => stranger.post('cases', aCase(), { headers: h }), 403, 'not-yours');
      expect((await stranger.get('my/cases')).json.items).toEqual([]);
    });

    it('another department’s or specialist’s case', async () => {
      const department = await api.as('department', { departmentId: 'gaj' });
      await refused((h) => department.get(`cases/${caseId}`, h), 403, 'not-yours');
      await refused((h) => department.get(`talents/${talentId}`, h), 403, 'not-yours');
      expect((await department.get('queue')).json.total).toBe(0);
      const unenrolled = await api.as('specialist', { specialistId: randomUUID() });
      await refused((h) => unenrolled.get('queue', h), 403, 'department-unknown');
      const nobody = await api.as('department');
      await refused((h) => nobody.get('queue', h), 403, 'department-unknown');
      await refused(async (h) => (await api.as('talent')).get('my/cases', h), 403, 'talent-unknown');
    });

    it('at the login', async () => {
      const guest = api.withToken(undefined);
      const login = (body: object) => (headers: Record<string, string>) => guest.post('auth/token', body, { headers });
      await refused(login({ login: 'nobody', password: 'wrong' }), 401, 'login-failed');
      await refused(login({ login: 'no\u0000body', password: 'x' }), 422, 'control-character', 'login');
      await refused(login({ login: 'nobody' }), 400, 'field-required', 'password');
      for (let i = 0; i < 5; i++) await guest.post('auth/token', { login: 'guessed', password: String(i) });
      const stopped = await refused(login({ login: 'guessed', password: '5' }), 429, 'too-many-attempts');
      expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    });

    it('for an account that can not be', async () => {
      const account = { login: 'fang', password: 'correct horse battery', role: 'department', departmentId: 'rsj' };
      const adding = (change: object) => (headers: Record<string, string>) =>
        admin.post('auth/users', { ...account, ...change }, { headers });
      await refused(adding({ password: 'short' }), 422, 'password-too-short', 'password');
      await refused(adding({ departmentId: undefined }), 422, 'affiliation-needed', 'departmentId');
      await refused(adding({ talentId }), 422, 'affiliation-unexpected', 'talentId');
      await refused(adding({ role: 'system' }), 422, 'not-one-of', 'role');
      expect((await admin.post('auth/users', account)).status).toBe(201);
      await refused(adding({ login: 'FANG' }), 409, 'login-taken', 'login');
      const { json } = await api.withToken(undefined).post('auth/token', { login: 'Fang', password: account.password });
      expect(json).toMatchObject({ tokenType: 'Bearer', role: 'department' });
      expect((await api.withToken(json.accessToken).get('me')).json).toMatchObject({ role: 'department', departmentId: 'rsj' });
    });
  });

  it('has written nothing, and none of it was a fault of ours', async () => {
    expect(await api.head()).toBe(head);
    expect(api.lines.filter((line) => line.startsWith('fault '))).toEqual([]);
  });
});
