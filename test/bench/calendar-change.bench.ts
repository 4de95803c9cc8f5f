import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { Http } from '../support/http.js';
import { startStack } from '../support/stack.js';
import { type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';
import { registerTalent, tokenOf } from './support/stack-client.js';

const CASES = 20_000;
const CLOCKS = 100_000;
const CALENDAR = '/api/v1/calendars/cn-lanshan';
const VIEWS = ['service_queue', 'sla_cycles', 'sla_timers'];

/**
 * A change of the calendar over 100,000 clocks that run: its preview, and how long until every row stands under it, while the queue
 * is asked for all the time. The cases are copies of one, made in the tables of the views.
 */
async function main(): Promise<void> {
  const stack = await startStack();
  const pool = new Pool({ connectionString: stack.runtime.databaseUrl, max: 4 });
  const as = async (login: string) => new Http(stack.apiUrl, { authorization: `Bearer ${await tokenOf(stack.apiUrl, login)}` });
  try {
    const [window, supervisor] = await Promise.all([as('window'), as('supervisor')]);
    await openCase(window, pool);
    const { days, extra } = await noticeOfThisYear(supervisor);
    const { version } = (
      await supervisor.call<{ version: number }>('POST', `${CALENDAR}/versions`, { days: [...days, ...extra] })
    ).body;
    const results: Result[] = [];
    const asked = { mode: 'retroactive', to: version };
    let clocksSeen = 0;
    for (let i = 0; i < 5; i++) {
      const from = performance.now();
      const { clocks, moved } = (
        await supervisor.call<{ clocks: number; moved: number }>('POST', `${CALENDAR}/changes/preview`, asked)
      ).body;
      clocksSeen = clocks;
      if (clocks < CLOCKS || moved === 0) throw new Error(`${clocks} clocks, ${moved} of them moved`);
      results.push({ name: `preview ${i + 1}`, value: round((performance.now() - from) / 1_000), unit: 's' });
    }
    const quiet = await queueTimes(window, delay(3_000));
    const from = performance.now();
    const change = await supervisor.call<{ id: string }>('POST', `${CALENDAR}/changes`, { ...asked, reason: '基准测试' });
    const busy = await queueTimes(window, swept(pool));
    results.push({ name: 'until every row is derived anew', value: round((performance.now() - from) / 1_000), unit: 's' });
    results.push({ name: 'queue page before', value: quiet.p50, unit: 'ms', ...quiet });
    results.push({ name: 'queue page meanwhile', value: busy.p50, unit: 'ms', ...busy });
    if (!change.body.id) throw new Error('The change has no id');
    const ratios = { 'queue page p95, meanwhile ÷ before': round(busy.p95 / quiet.p95) };
    printReport(
      { bench: 'calendar-change', load: `${clocksSeen} open clocks of ${CASES} cases`, results, ratios },
      process.argv.includes('--json'),
    );
    window.close();
    supervisor.close();
  } finally {
    await pool.end();
    await stack.stop();
  }
}

async function openCase(window: Http, pool: Pool): Promise<void> {
  const talentId = await registerTalent(window);
  const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '基准测试', concerns: [] };
  const { id } = (await window.call<{ id: string }>('POST', '/api/v1/cases', matter)).body;
  await window.call('POST', `/api/v1/cases/${id}/accept`, {});
  const { position } = (await window.call<{ position: string }>('POST', `/api/v1/cases/${id}/dispatch`, {})).body;
  await window.with({ 'x-min-position': position }).call('GET', '/api/v1/queue');
  await pool.query(`create table ids as select gen_random_uuid()::text as id from generate_series(2, ${CASES})`);
  for (const view of VIEWS)
    await pool.query(
      `insert into read.${view} select (jsonb_populate_record(c, jsonb_build_object('case_id', n.id, 'facts',
         case when c.facts is null then null else jsonb_set(c.facts::jsonb, '{caseId}', to_jsonb(n.id)) end))).*
       from read.${view} c, ids n where c.case_id = $1`,
      [id],
    );
  await pool.query('analyze');
}

/** The holiday notice of this year as it is known, and the next three working days as days off. */
async function noticeOfThisYear(supervisor: Http) {
  const { versions } = (await supervisor.call<{ versions: { version: number }[] }>('GET', CALENDAR)).body;
  const { exceptions } = (
    await supervisor.call<{ exceptions: { date: string; kind: string; name?: string }[] }>(
      'GET',
      `${CALENDAR}/versions/${versions.at(-1)!.version}`,
    )
  ).body;
  const today = new Date(Date.now() + 8 * 3_600_000);
  const year = String(today.getUTCFullYear());
  const days = exceptions
    .filter(({ date }) => date.startsWith(year))
    .map(({ date, kind, name }) => ({ date, isOffDay: kind === 'closed', ...(name ? { name } : {}) }));
  const next = [1, 2, 3, 4, 5].map((n) => new Date(today.getTime() + n * 86_400_000).toISOString().slice(0, 10));
  const known = new Set(days.map(({ date }) => date));
  const extra = next
    .filter((date) => date.startsWith(year) && !known.has(date))
    .map((date) => ({ date, isOffDay: true, name: '临时放假' }));
  return { days, extra };
}

async function swept(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `select 1 from ops.derivation where mark <> '' and sweeping is null and schema ~ '^read_(${VIEWS.join('|')})_v'`,
    );
    if (rows.length === VIEWS.length) return;
    await delay(50);
  }
}

/** Asks for the queue, one question after the other, until something is over. Milliseconds. */
async function queueTimes(window: Http, over: Promise<unknown>): Promise<{ p50: number; p95: number; p99: number }> {
  const times: number[] = [];
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const from = performance.now();
    await window.call('GET', '/api/v1/queue?limit=50');
    times.push(performance.now() - from);
    await delay(20);
  }
  await over;
  times.sort((a, b) => a - b);
  const at = (share: number) => round(times[Math.min(times.length - 1, Math.floor(times.length * share))]!);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
