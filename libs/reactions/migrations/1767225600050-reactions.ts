import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where every reaction stands, and the events it could not handle. */
export class Reactions1767225600050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table ops.reaction (name text primary key, store_id text not null, position int8, stream text, revision int8, event_id uuid,
       stopped text, registered_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
    );
    await runner.query(
      `create table ops.reaction_failures (reaction text not null references ops.reaction (name), event_id uuid not null, stream text not null,
       revision int8 not null, position int8 not null, type text not null,
       state text not null check (state in ('retrying', 'parked', 'skipped')), attempts int4 not null, error text, next_at timestamptz not null,
       noted_at timestamptz not null default now(), tried_at timestamptz, skip_reason text, skipped_by text, skipped_at timestamptz,
       primary key (reaction, event_id), check ((state = 'skipped') = (skip_reason is not null)))`,
    );
    await runner.query("create index on ops.reaction_failures (reaction, stream, position) where state <> 'skipped'");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.reaction_failures');
    await runner.query('drop table ops.reaction');
  }
}
