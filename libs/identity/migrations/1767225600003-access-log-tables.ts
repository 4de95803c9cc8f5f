import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log of readings of personal data, which refuses changes and removals even to its owner. */
export class AccessLogTables1767225600003 implements MigrationInterface {
  readonly name = 'AccessLogTables1767225600003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists access_log');
    await runner.query(`
      create table access_log.reads (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        actor text not null,
        role text not null,
        subject_id uuid not null,
        purpose text not null,
        resource text not null,
        correlation_id text not null
      )`);
    await runner.query('create index reads_subject on access_log.reads (subject_id, id)');
    await runner.query('create index reads_actor on access_log.reads (actor, id)');
    await runner.query('create index reads_at on access_log.reads using brin (at)');
    await runner.query(`
      create function access_log.refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the access log takes insertions only' using errcode = 'integrity_constraint_violation';
      end $$`);
    await runner.query(`
      create trigger append_only before update or delete or truncate on access_log.reads
        for each statement execute function access_log.refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table access_log.reads');
    await runner.query('drop function access_log.refuse_change()');
    await runner.query('drop schema access_log');
  }
}
