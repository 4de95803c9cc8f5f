import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HuicaiSystem } from '@huicai/composition';
import { Command } from 'commander';
import { addRatings } from '../../apps/cli/src/ratings.js';
import { type Client, startTestApi, type TestApi } from '../support/api.js';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { done, Office } from '../support/office.js';
import { startTestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const days = (n: number) => ({ kind: 'workingDays', days: n });

describe('what others say of a case, through the API', () => {
  let api: TestApi;
  let office: Office;
  let education: Client;
  let auditor: Client;
  let now = Date.parse('2026-10-12T09:00:00+08:00');
  const at = (local: string) => {
    now = Date.parse(`${local}+08:00`);
  };

  const refused = async (client: Client, path: string, body: object, status: number, code: string, field?: string) => {
    const { status: given, json } = await client.post(path, body);
    expect({ status: given, code: json.code, field: json.field ?? json.errors?.[0]?.field }).toMatchObject({
      status,
      code,
      ...(field === undefined ? {} : { field }),
    });
  };
  /** The command line on this test's own servers. */
  const importRatings = async (file: string) => {
    const { databaseUrl, eventStoreUrl, kekFile } = api.t;
    const program = new Command();
    addRatings(program, () => HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, clock: { now: () => now } }));
    const said = { out: '', err: '' };
    const hear = (stream: 'out' | 'err') => (text: unknown) => {
      said[stream] += String(text);
      return true;
    };
    const out = jest.spyOn(process.stdout, 'write').mockImplementation(hear('out'));
    const err = jest.spyOn(process.stderr, 'write').mockImplementation(hear('err'));
    try {
      await program.parseAsync(['node', 'cli', 'ratings', 'import', file]);
      return { code: process.exitCode, ...said };
    } finally {
      out.mockRestore();
      err.mockRestore();
      process.exitCode = undefined;
    }
  };
  const report = async (by: string, client = office.supervisor) =>
    done(await client.get(`reports/sla?by=${by}&from=2026-10&to=2026-11`)).json.rows;

  beforeAll(async () => {
    api = await startTestApi(await startTestSystem({ now: () => now }));
    office = await Office.open(api);
    education = await api.as('department', { departmentId: 'jtj' });
    auditor = await api.as('auditor');
    const { versions } = done(await office.supervisor.get('policies/default')).json;
    const {
      version: _,
      inForce: __,
      publishedAt: ___,
      reason: ____,
      counting: _____,
      calendarId: ______,
      ...policy
    } = done(await office.supervisor.get(`policies/default/versions/${versions.at(-1).version}`)).json;
    const limits = {
      effectiveFrom: '2026-10-12',
      opinion: days(1),
      callback: days(2),
      rectification: days(5),
      ratingWindow: { workingDays: 2 },
    };
    done(
      await (await api.as('admin')).post('policies/default/versions', {
        policy: { ...policy, ...limits },
        reason: '会办与整改限时',
      }),
      201,
    );
  }, 60_000);
  afterAll(() => api?.stop());

  describe('opinions of departments', () => {
    let id: string;

    it('waits for the lead’s own from the dispatch on, and for another department’s once it is asked', async () => {
      id = await office.signedFor();
      const path = `cases/${id}/opinions`;
      const question = { departmentId: 'jtj', question: '子女是否已报名入学' };
      await refused(education, path, { opinion: '同意' }, 403, 'not-yours');
      await refused(
        office.department,
        `${path}/request`,
        { ...question, departmentId: 'rsj' },
        422,
        'opinion-of-lead',
        'departmentId',
      );
      await refused(office.department, `${path}/request`, { departmentId: 'jtj' }, 400, 'field-required', 'question');
      done(await office.department.post(`${path}/request`, question));
      await refused(office.department, `${path}/request`, question, 409, 'opinion-asked-already', 'departmentId');
      const shown = done(await education.get(`cases/${id}`)).json;
      expect(shown.possibleSteps).toEqual(['GiveOpinion']);
      expect(shown.coDepartmentIds).toEqual(['jtj']);
      expect(shown.opinions).toEqual([
        { clockId: 'opinion/1/1', departmentId: 'rsj', asked: false, status: 'AWAITED', givenAt: null },
        { clockId: 'opinion/1/2', departmentId: 'jtj', asked: true, status: 'AWAITED', givenAt: null },
      ]);
      const clock = shown.clocks.find(({ clockId }: { clockId: string }) => clockId === 'opinion/1/2');
      expect(clock).toMatchObject({ due: '2026-10-13T17:00:00+08:00', light: 'GREEN' });
    });

    it('judges each department: one in time, one late', async () => {
      at('2026-10-13T10:00:00');
      done(await office.department.post(`cases/${id}/opinions`, { opinion: '两日内办结' }));
      at('2026-10-14T10:00:00');
      await until('the breach', async () =>
        (await office.shown(id)).breaches.some(({ clockId }: { clockId: string }) => clockId === 'opinion/1/2'),
      );
      const explained = done(await education.get(`cases/${id}/clocks/${encodeURIComponent('opinion/1/2')}/explain`)).json;
      expect(explained).toMatchObject({ kind: 'opinion', overdue: true, limit: days(1) });
      done(await education.post(`cases/${id}/opinions`, { opinion: '已报名，无异议' }));
      await refused(education, `cases/${id}/opinions`, { opinion: '再议' }, 409, 'illegal-step');
      const { items } = done(await office.department.get(`cases/${id}/opinions`)).json;
      expect(items).toMatchObject([
        { departmentId: 'rsj', asked: false, question: null, opinion: '两日内办结' },
        { departmentId: 'jtj', asked: true, question: '子女是否已报名入学', opinion: '已报名，无异议' },
      ]);
      const rates = Object.fromEntries(
        (await report('department')).map((row: { group: string; opinionRate: object }) => [row.group, row.opinionRate]),
      );
      expect(rates).toMatchObject({
        rsj: { numerator: 1, denominator: 1, value: 1 },
        jtj: { numerator: 0, denominator: 1, value: 0 },
      });
      expect(await report('department', education)).toMatchObject([{ group: 'jtj', opened: 0, opinionRate: { denominator: 1 } }]);
      expect(await report('month')).toMatchObject([{ group: '2026-10', opinionRate: { numerator: 1, denominator: 2 } }]);
    });

    it('excuses the department, and asks what another limit would have meant', async () => {
      done(await office.supervisor.post(`cases/${id}/breaches/excuse`, { clockId: 'opinion/1/2', reasonCode: 'SYSTEM_OUTAGE' }));
      expect(await report('item')).toMatchObject([{ opinionRate: { numerator: 1 }, opinionRateExcused: { numerator: 2 } }]);
      const whatIf = { from: '2026-10-12', to: '2026-10-14', clocks: ['opinion'], limits: { opinion: days(2) } };
      const answer = done(await office.supervisor.post('sla/what-if', whatIf)).json;
      expect(answer).toMatchObject({ clocks: 2, before: 1, after: 0 });
      expect(answer.byDepartment.map(({ group }: { group: string }) => group)).toEqual(['jtj', 'rsj']);
      expect(answer.flips).toMatchObject([{ clockId: 'opinion/1/2', departmentId: 'jtj', specialistId: null }]);
      expect((await auditor.get(`cases/${id}/opinions`)).status).toBe(200);
    });
  });

  describe('a bad review', () => {
    let id: string;
    let talent: Client;

    const closed = async () => {
      const made = await office.signedFor();
      done(await office.department.post(`cases/${made}/result`, { outcome: 'SOLVED', reply: '已办结' }));
      done(await office.window.post(`cases/${made}/result/accept`));
      done(await office.window.post(`cases/${made}/callback`, { reachability: 'VALID', resolved: true, satisfaction: 4 }));
      done(await office.window.post(`cases/${made}/close`));
      return made;
    };
    const badlyRated = async () => {
      const made = await closed();
      done(await talent.post(`cases/${made}/rating`, { satisfaction: 1, comment: '拖得太久' }));
      await until('the rectification', async () => {
        const { rectifications, supervisions } = await office.shown(made);
        return rectifications.length > 0 && supervisions.length > 0;
      });
      return made;
    };
    const report = { measure: 'RECTIFIED', report: '已上门说明并补办' };

    beforeAll(async () => {
      talent = await api.as('talent', { talentId: office.talentId });
    });

    it('is put right by the department, asked about by somebody else, and supervised when that was in vain', async () => {
      at('2026-11-02T10:00:00');
      id = await badlyRated();
      const path = `cases/${id}/rectification`;
      expect(await office.shown(id)).toMatchObject({
        rectifications: [{ cycle: 1, departmentId: 'rsj', clockId: 'rectification/1/1', status: 'OPEN' }],
        supervisions: [{ cause: 'DISSATISFIED', closedAt: null }],
      });
      const explained = done(
        await office.department.get(`cases/${id}/clocks/${encodeURIComponent('rectification/1/1')}/explain`),
      ).json;
      expect(explained).toMatchObject({ kind: 'rectification', due: '2026-11-09T17:00:00+08:00' });
      await refused(talent, path, report, 403, 'role-not-allowed');
      await refused(office.department, path, { report: '已补办' }, 400, 'field-required', 'measure');
      await refused(office.window, `${path}/callback`, { reachability: 'UNREACHABLE' }, 409, 'illegal-step');
      done(await office.department.post(path, report));
      await refused(
        office.window,
        `${path}/callback`,
        { reachability: 'VALID', resolved: false },
        422,
        'callback-incomplete',
        'satisfaction',
      );
      done(await office.supervisor.post(`${path}/callback`, { reachability: 'UNREACHABLE', remark: '无人接听' }));
      done(await office.supervisor.post(`${path}/callback`, { reachability: 'VALID', resolved: false, satisfaction: 2 }));
      await until('the supervision', async () => (await office.shown(id)).supervisions.length === 2);
      expect((await office.shown(id)).supervisions[1]).toMatchObject({ cause: 'STILL_DISSATISFIED', closedAt: null });
      expect((await office.shown(id)).rectifications[0]).toMatchObject({ status: 'CALLED_BACK', callbacks: [{}, {}] });
    });

    it('does not count once an appeal against it is upheld, nor what followed from it', async () => {
      at('2026-11-03T10:00:00');
      const appealed = await badlyRated();
      const path = `cases/${appealed}/rating/appeal`;
      await refused(office.department, path, { reasonCode: 'BORED' }, 422, 'not-one-of', 'reasonCode');
      await refused(office.supervisor, `${path}/uphold`, { reasonCode: 'MALICIOUS' }, 409, 'illegal-step');
      done(await office.department.post(path, { reasonCode: 'MALICIOUS', reason: '与事实不符，附通话录音' }));
      at('2026-11-12T10:00:00');
      await until('the breach', async () => (await office.shown(appealed)).breaches.length > 0);
      await refused(office.department, `${path}/uphold`, { reasonCode: 'MALICIOUS' }, 403, 'role-not-allowed');
      const upheld = done(await office.supervisor.post(`${path}/uphold`, { reasonCode: 'MALICIOUS', reason: '核实属恶意差评' }));
      expect(upheld.json.events).toEqual(['RatingAppealUpheld', 'BreachWithdrawn', 'SupervisionClosed']);
      expect(await office.shown(appealed)).toMatchObject({
        rating: 1,
        appeal: { upheld: true },
        breaches: [],
        rectifications: [{ status: 'APPEAL_UPHELD' }],
      });
      const seen = done(await talent.get(`cases/${appealed}/history`)).json.events;
      const appeals = seen.filter(({ type }: { type: string }) => type.startsWith('RatingAppeal'));
      expect(appeals.map(({ data }: { data: object }) => data)).toEqual([{}, {}]);
    });

    it('stands when the appeal is dismissed, and is late', async () => {
      at('2026-11-13T10:00:00');
      const appealed = await badlyRated();
      done(await office.department.post(`cases/${appealed}/rating/appeal`, { reasonCode: 'MISTAKEN' }));
      done(await office.supervisor.post(`cases/${appealed}/rating/appeal/dismiss`, { reasonCode: 'NOT_PROVEN' }));
      at('2026-11-23T10:00:00');
      done(await office.department.post(`cases/${appealed}/rectification`, { ...report, measure: 'EXPLAINED' }));
      await until('the breach', async () => (await office.shown(appealed)).breaches.length > 0);
      const [row] = done(await office.supervisor.get('reports/sla?by=item&from=2026-11&to=2026-11')).json.rows;
      expect(row).toMatchObject({
        rectificationRate: { numerator: 1, denominator: 2, excluded: { APPEAL_UPHELD: 1 } },
        reviewRate: { numerator: 0, denominator: 2, excluded: { APPEAL_UPHELD: 1 } },
        // Nobody was contacted; all were content at the callback.
        responseRate: { value: 0 },
        attention: ['responseRate'],
      });
      const whatIf = { from: '2026-11-01', to: '2026-11-30', clocks: ['rectification'], limits: { rectification: days(20) } };
      expect(done(await office.supervisor.post('sla/what-if', whatIf)).json).toMatchObject({ clocks: 3, before: 1, after: 0 });
    });

    it('is handed over to the province once, like every rating, and its answers are taken in once', async () => {
      const file = join(api.t.directory, 'ratings.ndjson');
      const lines = async () =>
        (await readFile(file, 'utf8').catch(() => ''))
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line));
      // Three ratings; the appeal against the second was upheld, that against the third was not.
      await until('the ratings', async () => (await lines()).length === 4);
      const [first, second, upheld] = await lines();
      expect(upheld).toEqual({
        ...{ ratingId: second.ratingId, caseId: second.caseId, caseNumber: second.caseNumber, cycle: 1 },
        ...{ appeal: 'UPHELD', reasonCode: expect.any(String), decidedAt: expect.any(String) },
      });
      expect(first).toMatchObject({ caseId: id, cycle: 1, itemCode: '04', departmentId: 'rsj', satisfaction: 1 });
      const { number } = await office.shown(id);
      expect(first.caseNumber).toBe(number);
      expect(JSON.stringify(first)).not.toContain('拖得太久');

      const answers = join(api.t.directory, 'answers.ndjson');
      const reply = { caseId: id, ratingId: first.ratingId, externalRatingId: 'SD-371302-1', status: 'RECEIVED' };
      const importing = async (...replies: object[]) => {
        await writeFile(answers, `${replies.map((each) => JSON.stringify(each)).join('\n')}\n`);
        return importRatings(answers);
      };
      for (let i = 0; i < 2; i++) expect(await importing(reply)).toEqual({ code: 0, out: '1 on record, 0 refused.\n', err: '' });
      const { err, ...rest } = await importing(
        { ...reply, externalRatingId: 'SD-371302-2' },
        { ...reply, status: 'LOST' },
        { ...reply, ratingId: id },
      );
      expect(rest).toEqual({ code: 1, out: '0 on record, 3 refused.\n' });
      expect(err.match(/line \d: [\w-]+/g)).toEqual([
        'line 1: rating-received-otherwise',
        'line 2: not-one-of',
        'line 3: rating-not-found',
      ]);
      const shown = async () => (await office.shown(id)).ratingReceipt;
      await until('the answer', async () => (await shown()) !== null);
      expect(await shown()).toMatchObject({ externalRatingId: 'SD-371302-1', status: 'RECEIVED' });
      const { events } = done(await office.supervisor.get(`cases/${id}/history`)).json;
      expect(events.filter(({ type }: { type: string }) => type === 'RatingReceiptRecorded')).toHaveLength(1);
    });

    it('is taken for as long as the policy says', async () => {
      const shown = done(await office.supervisor.get('policies/default/versions/2')).json;
      expect(shown.ratingWindow).toEqual({ workingDays: 2 });
      at('2026-11-24T10:00:00');
      const late = await closed();
      at('2026-11-27T10:00:00');
      await refused(talent, `cases/${late}/rating`, { satisfaction: 5 }, 409, 'rating-window-closed');
    });
  });

  it('leaves no shape of an event that is not kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
