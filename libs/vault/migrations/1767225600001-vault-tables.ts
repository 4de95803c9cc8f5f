import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subject keys, installation keys, blind indexes and unique claims. */
export class VaultTables1767225600001 implements MigrationInterface {
  readonly name = 'VaultTables1767225600001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create schema if not exists vault');
    // A destroyed key must leave the data file soon, not only the visible row: vacuum after a single dead row.
    await runner.query(`
      create table vault.subject_keys (
        subject_id uuid not null,
        version integer not null,
        wrapped bytea,
        created_at timestamptz not null default now(),
        destroyed_at timestamptz,
        primary key (subject_id, version),
        check ((wrapped is null) = (destroyed_at is not null))
      ) with (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)`);
    await runner.query(`
      create table vault.installation_keys (
        name text primary key,
        wrapped bytea not null,
        created_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table vault.blind_index (
        field text not null,
        digest bytea not null,
        subject_id uuid not null,
        created_at timestamptz not null default now(),
        primary key (field, digest, subject_id)
      ) with (autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0)`);
    await runner.query('create index blind_index_subject on vault.blind_index (subject_id)');
    await runner.query(`
      create table vault.claims (
        kind text not null,
        digest bytea not null,
        owner text not null,
        created_at timestamptz not null default now(),
        primary key (kind, digest)
      )`);
    await runner.query('create index claims_owner on vault.claims (owner)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table vault.claims, vault.blind_index, vault.installation_keys, vault.subject_keys');
    await runner.query('drop schema vault');
  }
}
