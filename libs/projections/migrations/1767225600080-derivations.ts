import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Under which state of the reference data the rows of a generation were derived, and how far bringing them under another one has come. */
export class Derivations1767225600080 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'create table ops.derivation (schema text primary key, mark text not null, sweeping text, after text, updated_at timestamptz not null default now())',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ops.derivation');
  }
}
