import { AccessLogTables1767225600003, EmployerAccounts1767225600090, IdentityTables1767225600002 } from '@huicai/identity';
import {
  DeadLetters1767225600041,
  Derivations1767225600080,
  LeadAndTimers1767225600040,
  MendedViews1767225600070,
  Ops1764000000000,
  ProjectionGenerations1767225600010,
  ProjectionRates1767225600060,
} from '@huicai/projections';
import { Reactions1767225600050 } from '@huicai/reactions';
import { VaultTables1767225600001 } from '@huicai/vault';
import type { MigrationInterface } from 'typeorm';

/**
 * Every migration of the durable schemas; TypeORM runs them in the order of the time stamp at the end of their names. Read
 * models have none: their tables are made by the projections.
 */
export const migrations: (new () => MigrationInterface)[] = [
  Ops1764000000000,
  VaultTables1767225600001,
  IdentityTables1767225600002,
  AccessLogTables1767225600003,
  ProjectionGenerations1767225600010,
  LeadAndTimers1767225600040,
  DeadLetters1767225600041,
  Reactions1767225600050,
  ProjectionRates1767225600060,
  MendedViews1767225600070,
  Derivations1767225600080,
  EmployerAccounts1767225600090,
];
