import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which schema of a projection is shown, which one is being made beside it, and which one was shown before. */
export class ProjectionGenerations1767225600010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table ops.projection (name text primary key, live text not null, candidate text, previous text, ' +
        // Whether the worker that leads feeds the candidate; until then whoever fills it does. `filled`: events it was given so far.
        'following bool not null default false, filled int8 not null default 0)',
    );
    // Read models that were made before there was a choice.
    await runner.query(
      `insert into ops.projection (name, live) select view_name, table_schema from information_schema.view_table_usage
       where view_schema = 'read' and table_name = 'rows' and table_schema like 'read\\_%'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.projection');
  }
}
