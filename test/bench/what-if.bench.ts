import { Pool } from 'pg';
import { Http } from '../support/http.js';
import { startStack } from '../support/stack.js';
import { medians, type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';
import { registerTalent, tokenOf } from './support/stack-client.js';

const ROUNDS = 5;
const CASES = 20_000;
const CLOCKS = 100_000;
const PAGE = 500;

/** A what-if over 100,000 clocks beside bare reading of the same rows. The cases are copies of one, made in the table of the view. */
async function main(): Promise<void> {
  const stack = await startStack();
  const pool = new Pool({ connectionString: stack.runtime.databaseUrl, max: 4 });
  const as = async (login: string) => new Http(stack.apiUrl, { authorization: `Bearer ${await tokenOf(stack.apiUrl, login)}` });
  try {
    const [window, supervisor] = await Promise.all([as('window'), as('supervisor')]);
    const talentId = await registerTalent(window);
    const matter = { talentId, itemCode: '04', channelId: 'window', urgency: 'NORMAL', matter: '基准测试', concerns: [] };
    const { id } = (await window.call<{ id: string }>('POST', '/api/v1/cases', matter)).body;
    await window.call('POST', `/api/v1/cases/${id}/accept`, {});
    const { position } = (await window.call<{ position: string }>('POST', `/api/v1/cases/${id}/dispatch`, {})).body;
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    const asked = { from: today, to: today, limits: { rules: [{ limits: { handling: { kind: 'workingDays', days: 3 } } }] } };
    const whatIf = async () => {
      const at = supervisor.with({ 'x-min-position': position });
      return (await at.call<{ clocks: number }>('POST', '/api/v1/sla/what-if', asked)).body.clocks;
    };
    const each = await whatIf();
    if (each * CASES < CLOCKS) throw new Error(`The case to copy has only ${each} clocks`);
    await copyCase(pool, id);
    const timed = (name: string, work: () => Promise<number>) => async (): Promise<Result> => {
      const from = performance.now();
      const clocks = await work();
      if (clocks < CLOCKS) throw new Error(`${name}: ${clocks} clocks instead of ${CLOCKS}`);
      return { name, value: round(clocks / ((performance.now() - from) / 1_000)), unit: 'clocks/s' };
    };
    const results = await medians(ROUNDS, [timed('what-if', whatIf), timed('bare reading of the rows', () => readAll(pool))]);
    const [replayed, bare] = results.map(({ value }) => value) as [number, number];
    const ratios = { 'bare reading ÷ what-if': round(bare / replayed), 'seconds for 100,000 clocks': round(CLOCKS / replayed) };
    printReport({ bench: 'what-if', load: `${CASES} cases of ${each} clocks`, results, ratios }, process.argv.includes('--json'));
    window.close();
    supervisor.close();
  } finally {
    await pool.end();
    await stack.stop();
  }
}

async function copyCase(pool: Pool, id: string): Promise<void> {
  await pool.query(
    `insert into read.sla_cycles select (jsonb_populate_record(c, jsonb_build_object('case_id', n.id, 'facts', jsonb_set(c.facts::jsonb, '{caseId}', to_jsonb(n.id))))).*
     from read.sla_cycles c, (select gen_random_uuid()::text as id from generate_series(2, ${CASES})) n where c.case_id = $1`,
    [id],
  );
  await pool.query('analyze');
}

async function readAll(pool: Pool): Promise<number> {
  let after: string | null = null;
  let clocks = 0;
  for (;;) {
    const { rows }: { rows: { case_id: string; facts: { clocks: unknown[] } }[] } = await pool.query(
      `select case_id, facts from read.sla_cycles where $1::uuid is null or case_id > $1 order by case_id limit ${PAGE}`,
      [after],
    );
    for (const { facts } of rows) clocks += facts.clocks.length;
    if (rows.length < PAGE) return clocks;
    after = rows.at(-1)!.case_id;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
