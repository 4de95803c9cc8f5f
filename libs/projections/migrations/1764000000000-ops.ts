import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the worker must remember outside the read models. */
export class Ops1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists ops');
    await runner.query('create schema if not exists read');
    await runner.query(
      'create table ops.heartbeat (name text primary key, position int8, head int8, at timestamptz not null, as_of timestamptz, handled int8)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.heartbeat');
  }
}
