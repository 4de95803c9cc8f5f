import { type TokenRole, User } from '@huicai/identity';
import { illegal } from '@huicai/kernel';
import { type Algorithm, hash } from '@node-rs/argon2';
import { type DataSource, QueryFailedError } from 'typeorm';
import { v7 } from 'uuid';

// `Algorithm` is a const enum of the library and may not be read as a value under isolatedModules; 2 is Argon2id.
const ARGON2ID: Algorithm = 2;
/** 19 MiB, 2 passes, 1 lane, as the demonstration users have it. */
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const UNIQUE_VIOLATION = '23505';

export interface NewAccount {
  readonly login: string;
  readonly password: string;
  readonly role: TokenRole;
  readonly talentId?: string;
  readonly departmentId?: string;
  readonly specialistId?: string;
}

/** Adds users to the local issuer. */
export class Accounts {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the user's id @throws Refusal `login-taken` */
  async add({ login, password, role, talentId, departmentId, specialistId }: NewAccount): Promise<string> {
    const id = v7();
    const name = login.normalize('NFKC').trim().toLowerCase();
    try {
      await this.dataSource.getRepository(User).insert({
        id,
        login: name,
        displayNameSealed: null,
        passwordHash: await hash(password.normalize('NFKC'), COST),
        role,
        talentId: talentId ?? null,
        departmentId: departmentId ?? null,
        specialistId: specialistId ?? null,
        active: true,
      });
    } catch (error) {
      if (error instanceof QueryFailedError && (error.driverError as { code?: string }).code === UNIQUE_VIOLATION)
        throw illegal('login-taken', { field: 'login' });
      throw error;
    }
    return id;
  }
}
