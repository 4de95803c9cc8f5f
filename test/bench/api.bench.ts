import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connectEventStore } from '@huicai/event-store';
import { Pool } from 'pg';
import { Http } from '../support/http.js';
import { startStack } from '../support/stack.js';
import { medians, rate, round } from './support/measure.js';
import { printReport } from './support/report.js';
import { registerTalent, tokenOf } from './support/stack-client.js';

const ROUNDS = 5;
const PER_ROUND = 400;
const CONCURRENCY = 16;

/** Commands and queries over HTTP beside what they stand on, and beside the same stack without events, all in one run. */
async function main(): Promise<void> {
  const stack = await startStack();
  const pool = new Pool({ connectionString: stack.runtime.databaseUrl, max: CONCURRENCY });
  const store = connectEventStore(stack.runtime.eventStoreUrl);
  const crud = await startCrud(stack.runtime.databaseUrl, pool);
  const window = new Http(stack.apiUrl, { authorization: `Bearer ${await tokenOf(stack.apiUrl, 'window')}` });
  try {
    const talentId = await registerTalent(window);
    const cases: string[] = [];
    const accepted: string[] = [];
    const body = { talentId, itemCode: '03', channelId: 'window', urgency: 'NORMAL', matter: '基准测试', concerns: [] };
    const metadata = { note: 'x'.repeat(400) };
    const measures: [name: string, work: (i: number) => Promise<unknown>, settle?: () => Promise<void>][] = [
      ['SELECT 1', () => pool.query('select 1')],
      [
        'bare append',
        () => store.append(`bench-${randomUUID()}`, 'no_stream', [{ id: randomUUID(), type: 'Bench', data: body, metadata }]),
      ],
      [
        'CRUD endpoint',
        (i) => crud.http.call('POST', `/tickets/${crud.ids[i % crud.ids.length]}/status`, { status: 'ACCEPTED', actor: 'bench' }),
      ],
      [
        'command: register a case',
        async () => cases.push((await window.call<{ id: string }>('POST', '/api/v1/cases', body)).body.id),
      ],
      [
        'command: accept a case',
        async () => {
          const id = cases.pop()!;
          await window.call('POST', `/api/v1/cases/${id}/accept`, {});
          accepted.push(id);
        },
      ],
      [
        'query: one case',
        (i) => window.call('GET', `/api/v1/cases/${accepted[i % accepted.length]}`),
        () => waitForReadModel(window, accepted.at(-1)),
      ],
      ['query: a page of 20 of the queue', () => window.call('GET', '/api/v1/queue?limit=20')],
    ];
    const results = await medians(
      ROUNDS,
      measures.map(([name, work, settle]) => async () => {
        await settle?.();
        return rate(name, PER_ROUND, CONCURRENCY, work);
      }),
    );
    const of = (name: string) => results.find((result) => result.name === name)!.value;
    printReport(
      {
        bench: 'api',
        load: `${PER_ROUND} calls a round, ${CONCURRENCY} at once, median of ${ROUNDS} rounds taken in turn`,
        results,
        ratios: {
          'CRUD endpoint ÷ command: accept a case': round(of('CRUD endpoint') / of('command: accept a case')),
          'bare append ÷ command: accept a case': round(of('bare append') / of('command: accept a case')),
          'bare append ÷ command: register a case': round(of('bare append') / of('command: register a case')),
          'SELECT 1 ÷ query: one case': round(of('SELECT 1') / of('query: one case')),
          'SELECT 1 ÷ query: a page of 20 of the queue': round(of('SELECT 1') / of('query: a page of 20 of the queue')),
        },
      },
      process.argv.includes('--json'),
    );
  } finally {
    window.close();
    crud.stop();
    await Promise.allSettled([pool.end(), store.close()]);
    await stack.stop();
  }
}

async function waitForReadModel(http: Http, caseId: string | undefined): Promise<void> {
  if (caseId === undefined) return;
  for (let tries = 0; ; tries++) {
    try {
      const { body } = await http.call<{ status: string }>('GET', `/api/v1/cases/${caseId}`);
      if (body.status !== 'REGISTERED') return;
    } catch (error) {
      if (tries > 500) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startCrud(databaseUrl: string, pool: Pool) {
  await pool.query('create table public.ticket (id uuid primary key, status text not null, version int not null)');
  await pool.query(
    'create table public.ticket_audit (id bigserial primary key, "ticketId" uuid not null, status text not null, actor text not null, at timestamptz not null)',
  );
  const ids = Array.from({ length: 1_000 }, () => randomUUID());
  await pool.query("insert into public.ticket select id, 'OPEN', 0 from unnest($1::uuid[]) as t(id)", [ids]);
  const child = fork(join(__dirname, 'crud-server.js'), [], { env: { ...process.env, CRUD_DATABASE_URL: databaseUrl } });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url));
    child.once('exit', () => reject(new Error('The CRUD server did not start')));
  });
  const http = new Http(url);
  return {
    ids,
    http,
    stop: () => {
      http.close();
      child.disconnect();
    },
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
