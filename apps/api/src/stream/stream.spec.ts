import { randomUUID } from 'node:crypto';
import { AccessLog, LocalIssuer, type TokenRole, type TokenUser } from '@huicai/identity';
import { Metrics } from '@huicai/metrics';
import { askForRetry, waitForRequest } from '@huicai/projections';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Client, someTalent, startTestApi, type TestApi } from '../../../../test/support/api.js';
import { startTestSystem } from '../../../../test/support/system.js';
import { until } from '../../../../test/support/until.js';
import { createApi } from '../api.js';
import { Parts } from '../parts.js';
import { STREAM_OPTIONS, type StreamOptions } from './change-stream.js';
import { EventReader } from './event-reader.fixture.js';

jest.setTimeout(120_000);

interface Streaming {
  readonly app: NestFastifyApplication;
  readonly url: string;
}

let api: TestApi;
let window: Client;
let streaming: Streaming;
const readers: EventReader[] = [];
const apps: NestFastifyApplication[] = [];

let worker: { stop(): Promise<void> };

beforeAll(async () => {
  const t = await startTestSystem();
  api = await startTestApi({ ...t, startWorker: () => (worker = t.startWorker()) });
  window = await api.as('window');
  streaming = await serve();
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await api?.stop();
});

/** An API process of its own beside the one that takes the commands. */
async function serve(options: Partial<StreamOptions> = {}): Promise<Streaming> {
  const { system } = api.t;
  const local = { issuer: api.issuer, users: api.users };
  const stream = { ...STREAM_OPTIONS, pollMs: 20, ...options };
  const log = (line: string) => void api.lines.push(line);
  const parts = new Parts(system, api.issuer, new AccessLog(system.dataSource), local, log, undefined, new Metrics(), stream);
  const app = await createApi(parts);
  apps.push(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return { app, url: `http://127.0.0.1:${port}/api/v1/stream` };
}

type Who = readonly [TokenRole, Partial<TokenUser>?];

const tokenOf = async ([role, more = {}]: Who, issuer = api.issuer) =>
  (await issuer.issueToken({ id: randomUUID(), role, ...more })).accessToken;

async function follow(who: Who, from?: string, { url } = streaming): Promise<EventReader> {
  const headers = { authorization: `Bearer ${await tokenOf(who)}`, ...(from === undefined ? {} : { 'last-event-id': from }) };
  const reader = new EventReader(url, headers);
  readers.push(reader);
  return reader;
}

/** Follows from now on. */
async function started(who: Who): Promise<EventReader> {
  const reader = await follow(who);
  await reader.next('reset', ({ event }) => event === 'reset');
  return reader;
}

async function talent(): Promise<string> {
  return (await window.post('talents', someTalent())).json.id;
}

async function register(talentId: string): Promise<string> {
  const reply = await window.post('cases', {
    talentId,
    itemCode: '04',
    channelId: 'window',
    urgency: 'NORMAL',
    matter: '社保转移',
    concerns: [],
  });
  if (reply.status !== 201) throw new Error(reply.text);
  return reply.json.id;
}

async function step(client: Client, caseId: string, path: string, body?: unknown): Promise<string> {
  const reply = await client.post(`cases/${caseId}/${path}`, body);
  if (reply.status !== 200) throw new Error(`${path}: ${reply.text}`);
  return reply.json.position;
}

const about =
  (caseId: string, revision?: string) =>
  ({ data }: { data: { id?: string; revision?: string } }) =>
    data.id === caseId && (revision === undefined || data.revision === revision);

describe('a stream', () => {
  it('tells an employer of what it registered for its own, as it tells the talent, and of nothing else', async () => {
    const employerId = '91350100M000100Y43';
    const talentId = (await window.post('talents', { ...someTalent(), employerId })).json.id;
    const employer = await api.as('employer', { employerId });
    const [own, other] = [
      await started(['employer', { employerId }]),
      await started(['employer', { employerId: '91371302MA0000000G' }]),
    ];
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移', concerns: [] };
    // What the talent brought itself is not the employer's.
    await register(talentId);
    const { id: caseId } = (await employer.post('cases', matter)).json;
    const told = await own.next('the registration', about(caseId, '0'));
    expect(Object.keys(told.data)).not.toContain('departmentId');
    await window.send('PATCH', `talents/${talentId}`, { changes: { employerId: null }, reason: '人才调动' });
    const { id: last } = (await window.post('talents', { ...someTalent(), employerId })).json;
    await until('the talent to have left', async () => {
      const { rows } = await api.t.system.pool.query('select employer_id from read.talents where talent_id = $1', [talentId]);
      return rows[0].employer_id === null;
    });
    await step(window, caseId, 'accept');
    const { id: another } = (await employer.post('cases', { ...matter, talentId: last })).json;
    await own.next('what comes after it', about(another, '0'));
    expect(own.named('case').map(({ data }) => [data.id, data.revision])).toEqual([
      [caseId, '0'],
      [another, '0'],
    ]);
    expect(other.named('case')).toEqual([]);
  });

  it('tells the office and the talent of a change as soon as it is recorded, each what is theirs', async () => {
    const talentId = await talent();
    const [office, own] = [await started(['supervisor']), await started(['talent', { talentId }])];
    expect(office.contentType).toBe('text/event-stream; charset=utf-8');
    const caseId = await register(talentId);
    const position = await step(window, caseId, 'accept');
    const told = await office.next('the acceptance', about(caseId, '1'));
    expect(told).toEqual({
      event: 'case',
      id: position,
      data: {
        id: caseId,
        number: expect.stringMatching(/^LS-/),
        itemCode: '04',
        status: 'ACCEPTED',
        open: true,
        paused: false,
        cycle: 1,
        departmentId: null,
        specialistId: null,
        due: expect.any(String),
        totalDue: expect.any(String),
        yellowAt: expect.any(String),
        redAt: expect.any(String),
        severeAt: expect.any(String),
        revision: '1',
      },
    });
    const mine = await own.next('the acceptance', about(caseId, '1'));
    expect(new Set(Object.keys(mine.data))).toEqual(
      new Set(['id', 'number', 'itemCode', 'status', 'open', 'paused', 'cycle', 'due', 'revision']),
    );
    expect(mine).toMatchObject({ id: position, data: { status: 'ACCEPTED', due: told.data.totalDue } });
  });

  it('tells a talent nothing of the case of another', async () => {
    const [talentId, stranger] = [await talent(), await talent()];
    const other = await started(['talent', { talentId: stranger }]);
    const caseId = await register(talentId);
    await step(window, caseId, 'accept');
    const own = await register(stranger);
    await other.next('their own case', about(own));
    expect(other.events.filter(({ event }) => event !== 'reset').map(({ data }) => data.id)).toEqual([own]);
    expect(other.body).not.toContain(caseId);
  });

  it('tells those a case is taken from once that it is gone, and nothing else of it', async () => {
    const caseId = await register(await talent());
    await step(window, caseId, 'accept');
    const supervisor = await api.as('supervisor');
    const specialists: string[] = [];
    for (const name of ['甲专员', '乙专员'])
      specialists.push((await supervisor.post('specialists', { name, kind: 'ITEM', departmentId: 'rsj' })).json.id);
    const [taker, colleague] = await Promise.all(specialists.map((specialistId) => started(['specialist', { specialistId }])));
    const [lead, stranger] = [
      await started(['department', { departmentId: 'rsj' }]),
      await started(['department', { departmentId: 'gaj' }]),
    ];
    await step(window, caseId, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] });
    for (const each of [taker!, colleague!, lead]) await each.next('the dispatch', about(caseId));
    await step(await api.as('department', { departmentId: 'rsj' }), caseId, 'sign');
    const own = await api.as('specialist', { specialistId: specialists[0]! });
    const taken = await step(own, caseId, 'take');
    await taker!.next('the taking', ({ id }) => id === taken);
    const gone = await colleague!.next('gone', ({ event }) => event === 'gone');
    expect(gone).toEqual({ event: 'gone', id: taken, data: { id: caseId } });
    await step(own, caseId, 'contact', { mode: 'PHONE' });
    const contacted = await lead.next('the contact', about(caseId, '5'));
    expect(contacted.data.specialistId).toBe(specialists[0]);
    const another = await register(await talent());
    await step(window, another, 'accept');
    await step(window, another, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] });
    await colleague!.next('another case', about(another));
    expect(colleague!.named('gone')).toHaveLength(1);
    expect(stranger.body).not.toContain(caseId);
    // Whoever was away when it went is told when they come back, and not a second time.
    const back = await follow(['specialist', { specialistId: specialists[1]! }], String(BigInt(taken) - 1n));
    await back.next('gone', ({ event }) => event === 'gone');
    const later = await follow(['specialist', { specialistId: specialists[1]! }], taken);
    await later.next('another case', about(another));
    expect(later.named('gone')).toEqual([]);
  });

  it('goes on after the last id: nothing is lost, nothing told twice, whenever the connection breaks', async () => {
    const talentId = await talent();
    const who = ['talent', { talentId }] as const;
    const cases = await Promise.all([register(talentId), register(talentId), register(talentId)]);
    const told: { id: string; revision: bigint; at: bigint }[] = [];
    let reader = await started(who);
    let at = reader.lastEventId!;
    const take = (from: EventReader) => {
      for (const { event, id, data } of from.events.splice(0))
        if (event === 'case') told.push({ id: data.id, revision: BigInt(data.revision), at: BigInt(id!) });
        else expect(data.reason).toBe('started');
      at = from.lastEventId ?? at;
    };
    const department = await api.as('department', { departmentId: 'rsj' });
    const steps: [Client, string, unknown?][] = [
      [window, 'accept'],
      [window, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] }],
      [department, 'sign'],
      [department, 'contact', { mode: 'PHONE' }],
      [department, 'result', { outcome: 'SOLVED', reply: '已办结' }],
      [window, 'result/accept'],
    ];
    let last = '0';
    for (const [i, [client, path, body]] of steps.entries())
      for (const caseId of cases) {
        last = await step(client, caseId, path, body);
        if (i % 2 === 0) continue;
        // What has arrived by now is what this connection has told.
        reader.close();
        take(reader);
        reader = await follow(who, at);
      }
    await until('the last change', () => BigInt(reader.lastEventId ?? 0) >= BigInt(last));
    take(reader);
    expect(told.map((each) => each.at)).toEqual([...new Set(told.map((each) => each.at))].sort((a, b) => (a < b ? -1 : 1)));
    for (const caseId of cases) {
      const revisions = told.filter(({ id }) => id === caseId).map(({ revision }) => revision);
      const final = (await window.get(`cases/${caseId}`)).json.revision;
      expect(revisions.at(-1)).toBe(BigInt(final));
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => (a < b ? -1 : 1)));
    }
    expect(told.length).toBeGreaterThan(steps.length);
  });

  it('outlives a restart of the API and of the worker', async () => {
    const talentId = await talent();
    const first = await started(['talent', { talentId }]);
    const caseId = await register(talentId);
    await first.next('the case', about(caseId, '0'));
    const [old, other] = [await serve(), await serve()];
    const before = await follow(['talent', { talentId }], first.lastEventId, old);
    await until('the stream', () => before.status === 200);
    await old.app.close();
    await until('the end', () => before.ended);
    const position = await step(window, caseId, 'accept');
    const after = await follow(['talent', { talentId }], before.lastEventId ?? first.lastEventId, other);
    expect(await after.next('the acceptance', about(caseId, '1'))).toMatchObject({ id: position });
    await worker.stop();
    await step(window, caseId, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] });
    api.t.startWorker();
    await after.next('the dispatch', about(caseId, '2'));
    expect(after.named('reset')).toEqual([]);
  });

  it('shows that it lives, and moves a listener on who is told nothing', async () => {
    const quick = await serve({ beatMs: 30 });
    const reader = await follow(['talent', { talentId: await talent() }], undefined, quick);
    await until('three beats', () => reader.comments >= 3);
    const position = await register(await talent()).then(() => api.head());
    await until('the beat after a change of somebody else', () => BigInt(reader.lastEventId ?? 0) >= BigInt(position));
    expect(reader.events.map(({ event }) => event)).toEqual(['reset']);
  });

  it('has those load anew who were away too long, or come from elsewhere', async () => {
    const narrow = await serve({ backlog: 2 });
    const [one, two, three] = [await register(await talent()), await register(await talent()), await register(await talent())];
    const reader = await follow(['window'], '0', narrow);
    const { data, id } = await reader.next('reset', ({ event }) => event === 'reset');
    expect(data).toEqual({ reason: 'too-far-behind', position: id });
    const ahead = await follow(['window'], '999999999999999999');
    expect((await ahead.next('reset', ({ event }) => event === 'reset')).data.reason).toBe('position-unknown');
    const [first] = (await follow(['window'], '0').then(async (all) => {
      await all.next('the third', about(three));
      return all.events.filter(({ data: { id: caseId } }) => [one, two, three].includes(caseId));
    })) as [{ id: string }];
    const within = await follow(['window'], first.id, narrow);
    await within.next('the third', about(three));
    expect(within.events.map(({ data: { id: caseId } }) => caseId)).toEqual([two, three]);
  });

  it('ends when the token does', async () => {
    const lifetime = 8 * 60 * 60 * 1_000;
    const earlier = await LocalIssuer.open(api.t.system.vault, () => new Date(Date.now() - lifetime + 1_500));
    const reader = new EventReader(streaming.url, { authorization: `Bearer ${await tokenOf(['window'], earlier)}` });
    readers.push(reader);
    await until('the end', () => reader.ended);
    expect(reader.status).toBe(200);
    expect(reader.events.at(-1)).toEqual({ event: 'end', id: undefined, data: { reason: 'token-expired' } });
  });

  it('ends with the server, which does not wait for it', async () => {
    const closing = await serve();
    const reader = await follow(['window'], undefined, closing);
    await reader.next('reset', ({ event }) => event === 'reset');
    await closing.app.close();
    await until('the end', () => reader.ended);
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'closing' } });
  });

  it('has everybody load anew once views that were emptied are full again, and goes on from there', async () => {
    const quick = await serve({ beatMs: 20 });
    const reader = await follow(['window'], undefined, quick);
    const caseId = await register(await talent());
    await reader.next('the case', about(caseId));
    await worker.stop();
    const { pool } = api.t.system;
    await pool.query(
      `truncate read_case_changes_v8.rows;
       update read_case_changes_v8.checkpoint set position = null, stream = null, revision = null, event_id = null`,
    );
    const [events, beats] = [reader.events.length, reader.comments];
    await until('beats over an empty view', () => reader.comments > beats + 10);
    expect(reader.events).toHaveLength(events);
    worker = api.t.startWorker();
    await reader.next('the word to load anew', ({ data }) => data.reason === 'views-replaced');
    await step(window, caseId, 'accept');
    await reader.next('the acceptance', about(caseId, '1'));
    // What was told before is not told again.
    expect(reader.events.slice(events).map(({ event }) => event)).toEqual(['reset', 'case']);
  });

  it('has everybody load anew when a change that was parked comes to light, those who were away then too', async () => {
    const [parked, other] = [await register(await talent()), await register(await talent())];
    const reader = await started(['window']);
    const { pool } = api.t.system;
    const held = 'read_case_changes_v8.rows';
    await pool.query(`alter table ${held} add constraint held check (case_id <> '${parked}' or revision < 1) not valid`);
    try {
      await step(window, parked, 'accept');
      await step(window, other, 'accept');
      await reader.next('the acceptance of the other', about(other, '1'));
    } finally {
      await pool.query(`alter table ${held} drop constraint held`);
    }
    const away = reader.lastEventId;
    const told = reader.events.length;
    await waitForRequest(pool, await askForRetry(pool, { projection: 'case_changes' }, 'an admin'), 30_000);
    await reader.next('the word to load anew', ({ data }) => data.reason === 'views-mended');
    expect(reader.events.slice(told).map(({ event }) => event)).toEqual(['reset']);
    const late = await follow(['window'], away);
    await late.next('the word to load anew', ({ data }) => data.reason === 'views-mended');
    const position = await step(window, parked, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] });
    const after = await follow(['window'], (await reader.next('the dispatch', about(parked, '2'))).id);
    await step(window, other, 'dispatch', { departmentId: 'rsj', coDepartmentIds: [] });
    await after.next('the next change', about(other, '2'));
    expect(after.named('reset')).toEqual([]);
    expect(BigInt(position)).toBeGreaterThan(BigInt(away!));
  });
});

describe('the way to a stream', () => {
  const reply = async (who: Who, headers: Record<string, string>) => {
    const token = await tokenOf(who);
    return streaming.app.inject({ url: '/api/v1/stream', headers: { authorization: `Bearer ${token}`, ...headers } });
  };

  it.each<[string, Who, Record<string, string>, number, string]>([
    ['who does not ask for events', ['window'], {}, 406, 'event-stream-not-accepted'],
    ['who asks for something else', ['window'], { accept: 'application/json' }, 406, 'event-stream-not-accepted'],
    ['an id never given out', ['window'], { accept: '*/*', 'last-event-id': 'x' }, 400, 'last-event-id-invalid'],
    ['a role without cases', ['venue'], { accept: '*/*' }, 403, 'role-not-allowed'],
    ['a talent’s account without its talent', ['talent'], { accept: '*/*' }, 403, 'talent-unknown'],
    ['a specialist’s account without its specialist', ['specialist'], { accept: '*/*' }, 403, 'specialist-unknown'],
    ['a department’s account without its department', ['department'], { accept: '*/*' }, 403, 'department-unknown'],
  ])('is closed to %s', async (_, who, headers, status, code) => {
    const answered = await reply(who, headers);
    expect([answered.statusCode, answered.json().code]).toEqual([status, code]);
  });

  it('is closed when as many are open as may be', async () => {
    const small = await serve({ listeners: 1 });
    const first = await follow(['window'], undefined, small);
    await first.next('reset', ({ event }) => event === 'reset');
    const second = await follow(['window'], undefined, small);
    await until('the refusal', () => second.ended);
    expect([second.status, second.body]).toEqual([503, expect.stringContaining('too-many-streams')]);
    first.close();
    await until('room again', async () => {
      const third = await follow(['window'], undefined, small);
      return until('an answer', () => third.status).then((status) => status === 200);
    });
  });
});
