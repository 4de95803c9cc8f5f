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
    const limits = { effectiveFrom: '2026-10-12', opinion: days(1), callback: days(2), rectification: days(5) };
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

  it('leaves no shape of an event that is not kept', async () => {
    const { store } = api.t.system;
    if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
    expect(await shapesNotKept(store)).toEqual([]);
  });
});
