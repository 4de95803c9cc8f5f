import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users of the local issuer. */
export class IdentityTables1767225600002 implements MigrationInterface {
  readonly name = 'IdentityTables1767225600002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists identity');
    await runner.query(`
      create table identity.users (
        id uuid primary key,
        login text not null unique,
        display_name_sealed jsonb,
        password_hash text not null,
        role text not null check (role in
          ('talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin')),
        department_id text,
        specialist_id text,
        talent_id text,
        active boolean not null default true,
        created_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table identity.users');
    await runner.query('drop schema identity');
  }
}
