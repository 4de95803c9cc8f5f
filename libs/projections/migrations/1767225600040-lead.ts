import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who leads, and the timers that can not be fired. */
export class LeadAndTimers1767225600040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table ops.leader (one bool primary key default true check (one), name text not null, term int8 not null,
       beat int8 not null, since timestamptz not null, heartbeat timestamptz not null)`,
    );
    await runner.query(
      `create table ops.timer_failure (case_id uuid, clock_id text, due timestamptz not null, withdrawn int4 not null,
       attempts int4 not null, reason text not null, first_at timestamptz not null, last_at timestamptz not null,
       retry_at timestamptz not null, primary key (case_id, clock_id))`,
    );
    await runner.query('create index on ops.timer_failure (retry_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.timer_failure');
    await runner.query('drop table ops.leader');
  }
}
