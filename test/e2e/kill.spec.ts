import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectEventStore, type EventStore } from '@huicai/event-store';
import { Http } from '../support/http.js';
import { descendants } from '../support/processes.js';
import { compareWithReplay } from '../support/replay.js';
import { type Stack, startStack } from '../support/stack.js';
import { until } from '../support/until.js';

jest.setTimeout(180_000);

interface Answer {
  readonly id: string;
  readonly revision: string;
  readonly events: readonly string[];
}

/** What is killed, one after another, in the middle of the story. */
const PARTS = ['worker', 'api', 'eventstore', 'postgres'] as const;

describe('a story through which every process is killed', () => {
  let stack: Stack;
  let store: EventStore;
  const clients: Http[] = [];

  beforeAll(async () => {
    stack = await startStack();
    store = connectEventStore(stack.runtime.eventStoreUrl);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await store?.close();
    await stack?.stop();
  });

  async function login(name: string, password = 'huicai-demo'): Promise<Http> {
    const anonymous = new Http(stack.apiUrl);
    const { body } = await anonymous.call<{ accessToken: string }>('POST', '/api/v1/auth/token', { login: name, password });
    anonymous.close();
    const client = new Http(stack.apiUrl, { authorization: `Bearer ${body.accessToken}` });
    clients.push(client);
    return client;
  }

  /** As a careful client does it: the same key until there is an answer. */
  async function insist(http: Http, path: string, body: object, key: string): Promise<Answer> {
    for (const deadline = Date.now() + 60_000; ; await delay(50)) {
      try {
        return (await http.with({ 'idempotency-key': key }).call<Answer>('POST', `/api/v1/${path}`, body)).body;
      } catch (error) {
        const refused = /: 4\d\d /.test((error as Error).message);
        if (refused || Date.now() > deadline) throw error;
      }
    }
  }

  it('has every acknowledged command there once, and read models that agree with a replay', async () => {
    const window = await login('window');
    const supervisor = await login('supervisor');
    const department = await login('department');
    const specialist = await login('admin');
    const person = { documentType: 'PASSPORT', category: 'M', engagement: 'FLEXIBLE', employer: '示例企业一' };
    const talent = await insist(
      window,
      'talents',
      { ...person, name: '李示例', documentNumber: 'E10000001', phone: '+8619000000002' },
      'talent',
    );
    await insist(window, `talents/${talent.id}/cards`, { cardType: 'YIMENG_HUICAI' }, 'card');
    const enrolled = await insist(specialist, 'specialists', { name: '王示例', kind: 'ITEM', departmentId: 'rsj' }, 'specialist');
    const account = { login: 'wang-shili', password: 'a-long-enough-one', role: 'specialist', specialistId: enrolled.id };
    await insist(specialist, 'auth/users', account, 'account');
    const handler = await login(account.login, account.password);

    const matter = {
      talentId: talent.id,
      itemCode: '04',
      channelId: 'window',
      urgency: 'NORMAL',
      matter: '社保转移办理',
      concerns: [],
    };
    const noise = keepRegistering(window, matter);
    const one = await insist(window, 'cases', matter, 'case');
    const step = (http: Http, path: string, body: object = {}) => insist(http, `cases/${one.id}/${path}`, body, path);
    const story: (() => Promise<Answer>)[] = [
      () => step(window, 'accept'),
      () => step(window, 'dispatch', {}),
      () => step(department, 'sign'),
      () => step(handler, 'take'),
      () => step(handler, 'contact', { mode: 'PHONE' }),
      () => step(handler, 'pause', { reasonCode: 'THIRD_PARTY', reason: '等待回函' }),
      () => step(handler, 'resume'),
      () => step(handler, 'result', { outcome: 'SOLVED', reply: '已办结' }),
      () => step(window, 'result/accept'),
      () => step(supervisor, 'callback', { reachability: 'VALID', resolved: true, satisfaction: 5 }),
      () => step(window, 'close'),
    ];
    const answers: Answer[] = [];
    for (const [i, tell] of story.entries()) {
      const telling = tell();
      const part = PARTS[i % PARTS.length]!;
      if (i < 2 * PARTS.length) killPart(stack, part);
      answers.push(await telling);
    }
    const acknowledged = await noise.stop();
    await until('everything to be ready again', () => stack.ready(), 60_000);

    const types: string[] = [];
    for await (const event of store.readStream(`case-${one.id}`)) types.push(event.type);
    expect(types).toEqual(['CaseRegistered', ...answers.flatMap(({ events }) => events)]);
    // The same key again, after all that: the same answer, and nothing new.
    expect(await insist(window, 'cases', matter, 'case')).toEqual(one);
    expect(await step(window, 'close')).toEqual(answers.at(-1));

    const registered = new Map<string, number>();
    for await (const event of store.readAll())
      if (event.type === 'CaseRegistered') registered.set(event.stream, (registered.get(event.stream) ?? 0) + 1);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((id) => registered.get(`case-${id}`) !== 1)).toEqual([]);
    expect([...registered.values()].filter((times) => times !== 1)).toEqual([]);

    expect(await compareWithReplay(stack.runtime.databaseUrl, stack.runtime.eventStoreUrl, join(stack.dataDir, 'kek'))).toEqual(
      [],
    );
    expect((await stack.cli('verify')).output).toContain('every chain holds');
  });

  it('has left no name, phone or document number in the files of the event store or in what was logged', () => {
    const secrets = ['李示例', '王示例', 'E10000001', '19000000002', '社保转移办理', '等待回函', '已办结', '示例企业一'];
    const texts = [...filesBelow(join(stack.dataDir, 'eventstore')), ...filesBelow(join(stack.dataDir, 'logs'))].map((file) =>
      readFileSync(file),
    );
    texts.push(Buffer.from(stack.output()));
    expect(texts.some((text) => text.includes('CaseRegistered'))).toBe(true);
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  });

  /** Registers cases without pause; knows which of them were acknowledged. */
  function keepRegistering(http: Http, matter: object): { stop(): Promise<string[]> } {
    const acknowledged: string[] = [];
    let stopped = false;
    const running = (async () => {
      for (let i = 0; !stopped; i++) acknowledged.push((await insist(http, 'cases', matter, `noise-${i}`)).id);
    })();
    return {
      async stop() {
        stopped = true;
        await running;
        return acknowledged;
      },
    };
  }
});

function killPart(stack: Stack, part: (typeof PARTS)[number]): void {
  const pid = part === 'postgres' ? postmasterPid(stack.dataDir) : childPid(stack, part);
  // A part that is just starting again has nothing to kill.
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

function childPid({ supervisor }: Stack, app: string): number | undefined {
  return descendants(supervisor.pid!).find((pid) => commandLine(pid).includes(`apps/${app}/src/main.js`));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function postmasterPid(dataDir: string): number | undefined {
  const file = filesBelow(join(dataDir, 'postgres')).find((name) => name.endsWith('postmaster.pid'));
  return file === undefined ? undefined : Number(readFileSync(file, 'utf8').split('\n')[0]);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
