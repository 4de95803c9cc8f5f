import { newIdempotencyKey, type Refusal } from '@huicai/kernel';
import type { PublishPolicyVersionBody } from '../../libs/contexts/calendar/policy.bodies.js';
import { publishPolicyVersion } from '../../libs/contexts/calendar/policy.intake.js';
import type { CommandSide } from '../../libs/contexts/edge.js';
import type { Gateway } from '../../libs/contexts/gateway.js';
import { type Client, type Reply, someTalent, startTestApi, type TestApi } from '../support/api.js';
import { startTestSystem } from '../support/system.js';

const days = (n: number) => ({ kind: 'workingDays', days: n });
const minutes = (n: number) => ({ kind: 'workingTime', minutes: n });

const POLICY = {
  effectiveFrom: '2026-10-12',
  signFor: minutes(120),
  firstContact: minutes(120),
  opinion: days(3),
  callback: days(2),
  rectification: days(15),
  rules: [
    { itemCode: '04', category: 'P1', limits: { handling: days(2), total: days(3) }, statutory: days(20) },
    { urgency: 'ENQUIRY', limits: { handling: days(1) } },
    { urgency: 'COMPLEX', limits: { handling: days(15) } },
    { limits: { handling: days(5) } },
  ],
  extension: { times: 1, maxWorkingDays: 10, totalMaxWorkingDays: 30 },
  returnWindow: { workingDays: 1 },
  lights: { yellowFraction: 0.25, yellowDayBeforeFromDays: 3, severeAfterWorkingDays: 5 },
  attentionLine: 0.7,
};
const withRules = (rules: readonly object[]) => ({ ...POLICY, rules });

describe('policies of time limits, through the API', () => {
  let api: TestApi;
  let now = Date.parse('2026-10-09T10:00:00+08:00');
  const who = {} as Record<'window' | 'specialist' | 'supervisor', Client>;

  const done = (reply: Reply, status = 200): Reply => {
    if (reply.status !== status) throw new Error(`${reply.status} instead of ${status}: ${reply.text}`);
    return reply;
  };
  const publish = (policy: object, client = who.supervisor, reason = '急难愁盼事项提速') =>
    client.post('policies/default/versions', { policy, reason });
  const accepted = async (category: string): Promise<string> => {
    const talent = done(await who.window.post('talents', { ...someTalent(), category }), 201).json.id;
    const matter = { talentId: talent, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '社保转移' };
    const id = done(await who.window.post('cases', matter), 201).json.id;
    done(await who.window.post(`cases/${id}/accept`));
    return id;
  };
  const total = async (id: string) => done(await who.supervisor.get(`cases/${id}/clocks/total/explain`)).json;

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    for (const role of ['window', 'supervisor'] as const) who[role] = await api.as(role);
    who.specialist = await api.as('specialist');
  }, 60_000);
  afterAll(() => api?.stop());

  it('shows the version the office began with, its rules in the order they are asked', async () => {
    expect(done(await who.specialist.get('policies/default')).json).toMatchObject({
      id: 'default',
      versions: [{ version: 1, effectiveFrom: '2024-01-01', inForce: true, reason: null }],
    });
    expect(done(await who.specialist.get('policies/default/versions/1')).json).toMatchObject({
      opinion: days(1),
      rules: [
        { urgency: 'ENQUIRY', limits: { handling: days(1) } },
        { urgency: 'NORMAL', limits: { handling: days(5) } },
        { urgency: 'COMPLEX', limits: { handling: days(15) } },
      ],
    });
  });

  it.each<[string, () => object, number, string, string]>([
    [
      'a limit of 0 days',
      () => withRules([{ limits: { handling: days(0) } }]),
      422,
      'out-of-range',
      'policy.rules[0].limits.handling.days',
    ],
    ['10,000 days', () => ({ ...POLICY, opinion: days(10_000) }), 422, 'out-of-range', 'policy.opinion.days'],
    ['a unit nobody knows', () => ({ ...POLICY, callback: { kind: 'moons' } }), 422, 'not-one-of', 'policy.callback.kind'],
    [
      'a rule behind a wider one',
      () => withRules([{ limits: { handling: days(5) } }, { urgency: 'ENQUIRY', limits: { handling: days(1) } }]),
      422,
      'policy-rule-unreachable',
      'policy.rules[1]',
    ],
    [
      'a promise longer than the law',
      () => withRules([{ limits: { handling: days(21) }, statutory: days(20) }]),
      422,
      'policy-over-statutory',
      'policy.rules[0].limits.handling',
    ],
    [
      'a law in another unit',
      () => withRules([{ limits: { handling: days(21) }, statutory: { kind: 'naturalDays', days: 60 } }]),
      422,
      'policy-statutory-not-comparable',
      'policy.rules[0].limits.handling.kind',
    ],
    [
      'cases without a rule',
      () => withRules([{ urgency: 'NORMAL', limits: { handling: days(5) } }]),
      422,
      'policy-case-uncovered',
      'policy.rules',
    ],
    [
      'an item nobody offers',
      () => withRules([{ itemCode: '99', limits: { handling: days(5) } }, ...POLICY.rules]),
      422,
      'policy-item-unknown',
      'policy.rules[0].itemCode',
    ],
    [
      'a day gone by',
      () => ({ ...POLICY, effectiveFrom: '2026-10-08' }),
      422,
      'policy-effective-in-the-past',
      'policy.effectiveFrom',
    ],
  ])('refuses %s and changes nothing', async (_, policy, status, code, field) => {
    const before = await api.head();
    const refusal = done(await publish(policy()), status).json;
    expect(refusal.errors ?? [refusal]).toContainEqual(expect.objectContaining({ code, field }));
    expect(await api.head()).toBe(before);
  });

  it('is published by a supervisor only', async () => {
    done(await publish(POLICY, who.specialist), 403);
  });

  it('promises by category from the day it is in force; what was promised before stays', async () => {
    const early = await accepted('P1');
    expect(done(await publish(POLICY), 201).json).toMatchObject({ id: 'default', version: 2 });
    const before = await accepted('P1');
    now = Date.parse('2026-10-12T10:00:00+08:00');
    const [top, other] = [await accepted('P1'), await accepted('M')];

    expect(await total(early)).toMatchObject({ policy: { version: 1 }, limit: days(5), due: '2026-10-15T17:00:00+08:00' });
    expect(await total(before)).toMatchObject({ policy: { version: 1 }, limit: days(5) });
    expect(await total(top)).toMatchObject({ policy: { version: 2 }, limit: days(3), due: '2026-10-15T17:00:00+08:00' });
    expect(await total(other)).toMatchObject({ policy: { version: 2 }, limit: days(5), due: '2026-10-19T17:00:00+08:00' });
  });

  it('gives the office a clock for the callback once the policy limits it', async () => {
    now = Date.parse('2026-10-12T10:00:00+08:00');
    const department = await api.as('department', { departmentId: 'rsj' });
    const id = await accepted('P1');
    const steps: [Client, string, object][] = [
      [who.window, 'dispatch', {}],
      [department, 'sign', {}],
      [department, 'result', { outcome: 'SOLVED', reply: '已办结' }],
      [who.window, 'result/accept', {}],
    ];
    for (const [client, path, body] of steps) done(await client.post(`cases/${id}/${path}`, body));
    const clock = async () =>
      done(await who.supervisor.get(`cases/${id}`)).json.clocks.find(({ kind }: { kind: string }) => kind === 'callback');
    expect(await clock()).toMatchObject({ due: '2026-10-14T17:00:00+08:00', limit: days(2), policyVersion: 2, stoppedAt: null });
    done(await who.supervisor.post(`cases/${id}/callback`, { reachability: 'VALID', resolved: true, satisfaction: 5 }));
    expect(await clock()).toMatchObject({ onTime: true, stoppedAt: '2026-10-12T10:00:00+08:00' });
  });

  it('lets one of two who publish at once look at what the other has published, and blames no field', async () => {
    const { system } = api.t;
    let arrived = 0;
    let bothHere!: () => void;
    const both = new Promise<void>((resolve) => {
      bothHere = resolve;
    });
    // Each has seen the versions there are before either sends its own.
    const side = (): CommandSide => {
      const commandId = newIdempotencyKey();
      const send: Gateway['send'] = async (sent) => {
        if (++arrived === 2) bothHere();
        await both;
        return (system as Gateway).send(sent);
      };
      const gateway: Gateway = {
        vault: system.vault,
        exists: (stream) => system.exists(stream),
        events: (stream) => system.events(stream),
        inTurn: (views, work) => system.inTurn(views, work),
        send,
      };
      const meta = { commandId, correlationId: commandId };
      return { gateway, caller: { id: 'supervisor-1', role: 'supervisor' }, meta, firstEvent: async () => undefined };
    };
    const before = done(await who.specialist.get('policies/default')).json.versions.length;
    const policy = { ...POLICY, effectiveFrom: '2026-12-01' } as PublishPolicyVersionBody['policy'];
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => publishPolicyVersion(side(), 'default', { policy, reason: '急难愁盼事项提速' })),
    );
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Refusal] : []));
    expect(lost.map(({ kind, code, details }) => ({ kind, code, field: details.field }))).toEqual([
      { kind: 'illegal', code: 'published-meanwhile', field: undefined },
    ]);
    expect(done(await who.specialist.get('policies/default')).json.versions).toHaveLength(before + 1);
  });

  it('tells beforehand which rule decides and what it promises', async () => {
    const resolve = (query: string) => who.specialist.get(`policies/default/resolve?${query}`);
    const asked = 'itemCode=04&urgency=NORMAL&category=P1';
    expect(done(await resolve(`${asked}&on=2026-10-12`)).json).toMatchObject({
      version: 2,
      rule: { index: 0, itemCode: '04', category: 'P1' },
      limits: { handling: days(2), total: days(3), signFor: minutes(120), callback: days(2) },
      statutory: days(20),
    });
    expect(done(await resolve(`${asked}&on=2026-10-11`)).json).toMatchObject({
      version: 1,
      limits: { total: days(5), callback: days(2) },
    });
    expect(done(await resolve(`${asked}&on=2023-12-31`), 422).json.errors).toContainEqual(
      expect.objectContaining({ code: 'policy-not-in-force', field: 'on' }),
    );
  });
});
