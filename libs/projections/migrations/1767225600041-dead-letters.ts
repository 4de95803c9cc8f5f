import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events a projection could not take, what people ask to be done about them, and those that are passed over for good. */
export class DeadLetters1767225600041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table ops.dead_letters (id int8 generated always as identity primary key, projection text not null, schema text not null,
       partition text not null, position int8 not null, stream text not null, revision int8 not null, event_id uuid not null,
       type text not null, state text not null check (state in ('failed', 'queued')), error text, attempts int4 not null,
       first_at timestamptz not null default now(), last_at timestamptz not null default now(), unique (schema, position))`,
    );
    // One event keeps a partition from going on; all the others only wait behind it.
    await runner.query(`create unique index dead_letters_head on ops.dead_letters (schema, partition) where state = 'failed'`);
    await runner.query('create index on ops.dead_letters (schema, partition, position)');
    await runner.query(
      `create table ops.skipped_events (projection text, event_id uuid, position int8 not null, stream text not null,
       revision int8 not null, type text not null, reason text not null, skipped_by text not null, at timestamptz not null default now(),
       primary key (projection, event_id))`,
    );
    await runner.query('create index on ops.skipped_events (position)');
    await runner.query(
      `create table ops.dead_letter_requests (id int8 generated always as identity primary key,
       kind text not null check (kind in ('retry', 'skip')), projection text not null, letter int8, reason text, asked_by text not null,
       at timestamptz not null default now(), outcome text, solved int4, remaining int4, done_at timestamptz,
       check (kind = 'retry' or (letter is not null and reason is not null)), check ((outcome is null) = (done_at is null)))`,
    );
    await runner.query('create index on ops.dead_letter_requests (id) where done_at is null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.dead_letter_requests');
    await runner.query('drop table ops.skipped_events');
    await runner.query('drop table ops.dead_letters');
  }
}
