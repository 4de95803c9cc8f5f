import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How fast the leading worker feeds each projection. */
export class ProjectionRates1767225600060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table ops.projection_rate (name text primary key, events int8 not null, per_second float8 not null, at timestamptz not null)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.projection_rate');
  }
}
