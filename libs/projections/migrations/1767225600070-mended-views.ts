import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When parked events were folded after all: changes that come to light behind the place readers have reached. */
export class MendedViews1767225600070 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table ops.mended_view (projection text primary key, times int8 not null, position int8 not null)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.mended_view');
  }
}
