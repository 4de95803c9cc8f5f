import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which employer an employer's account acts for. */
export class EmployerAccounts1767225600090 implements MigrationInterface {
  readonly name = 'EmployerAccounts1767225600090';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table identity.users add column employer_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table identity.users drop column employer_id');
  }
}
