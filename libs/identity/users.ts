import type { Vault } from '@huicai/vault';
import type { DataSource } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { LoginFailedError, LoginTakenError } from './errors.js';
import type { TokenUser } from './local-issuer.js';
import { LoginThrottle, type ThrottleSettings } from './login-throttle.js';
import { hashPassword, passwordMatches } from './passwords.js';
import type { TokenRole } from './roles.js';
import { User } from './user.entity.js';

const DEMO_USERS = '4f5b7c1e-6a0d-5f0e-9a53-2f6f3d1f9a77';
const MAX_CREDENTIAL = 1_024;

/** A demonstration user; the same list gives the same users, with the same ids in every installation. */
export type DemoUser = {
  readonly login: string;
  readonly role: TokenRole;
  readonly displayName?: string;
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly talentId?: string;
  readonly employerId?: string;
};

/** A user as an administrator adds one; affiliations decide whose data they see. */
export type NewUser = Omit<DemoUser, 'displayName'> & { readonly password: string };

/** Users of the local issuer. */
export class Users {
  private readonly throttle: LoginThrottle;

  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: Vault,
    throttle: ThrottleSettings = {},
  ) {
    this.throttle = new LoginThrottle(throttle);
  }

  /**
   * Checks a login (any case) and its password.
   * @throws LoginFailedError after the same work whether the login exists or not; TooManyAttemptsError.
   */
  async authenticate(login: string, password: string): Promise<TokenUser> {
    if (login.length > MAX_CREDENTIAL || password.length > MAX_CREDENTIAL) throw new LoginFailedError();
    const name = normaliseLogin(login);
    const user = await this.throttle.run(name, async () => {
      const found = await this.dataSource
        .getRepository(User)
        .createQueryBuilder('user')
        .addSelect('user.passwordHash')
        .where('user.login = :name and user.active', { name })
        .getOne();
      const matches = await passwordMatches(found?.passwordHash, password);
      return matches && found ? found : undefined;
    });
    if (!user) throw new LoginFailedError();
    return this.toTokenUser(user);
  }

  /** @returns the new user's id @throws LoginTakenError */
  async add({ login, password, role, departmentId, specialistId, talentId, employerId }: NewUser): Promise<string> {
    const id = uuidv7();
    const [added] = await this.dataSource.query<{ id: string }[]>(
      `insert into identity.users (id, login, password_hash, role, department_id, specialist_id, talent_id, employer_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (login) do nothing returning id`,
      [
        id,
        normaliseLogin(login),
        await hashPassword(password),
        role,
        departmentId ?? null,
        specialistId ?? null,
        talentId ?? null,
        employerId ?? null,
      ],
    );
    if (!added) throw new LoginTakenError();
    return id;
  }

  /**
   * Makes the demonstration users exist as given, all with one password; users already so are left alone. Only for an
   * embedded installation.
   */
  async ensureDemoUsers(users: readonly DemoUser[], password: string): Promise<void> {
    await Promise.all(users.map((user) => this.ensureDemoUser(user, password)));
  }

  private async ensureDemoUser(user: DemoUser, password: string): Promise<void> {
    const login = normaliseLogin(user.login);
    const id = uuidv5(login, DEMO_USERS);
    const [row] = await this.dataSource.query<{ password_hash: string; display_name_sealed: User['displayNameSealed'] }[]>(
      'select password_hash, display_name_sealed from identity.users where login = $1',
      [login],
    );
    const passwordHash =
      row && (await passwordMatches(row.password_hash, password)) ? row.password_hash : await hashPassword(password);
    await this.dataSource.query(
      `insert into identity.users as u
         (id, login, display_name_sealed, password_hash, role, department_id, specialist_id, talent_id, employer_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (login) do update set
         display_name_sealed = excluded.display_name_sealed, password_hash = excluded.password_hash, role = excluded.role,
         department_id = excluded.department_id, specialist_id = excluded.specialist_id, talent_id = excluded.talent_id,
         employer_id = excluded.employer_id, active = true`,
      [
        id,
        login,
        await this.sealedName(id, user.displayName, row?.display_name_sealed ?? null),
        passwordHash,
        user.role,
        user.departmentId ?? null,
        user.specialistId ?? null,
        user.talentId ?? null,
        user.employerId ?? null,
      ],
    );
  }

  private async sealedName(
    id: string,
    name: string | undefined,
    present: User['displayNameSealed'],
  ): Promise<User['displayNameSealed']> {
    if (name === undefined) return null;
    if (present) {
      const opened = await this.vault.open(present, { expected: nameContext(id) });
      if (opened.erased || opened.value === name) return present;
    }
    return this.vault.seal(id, nameContext(id), name);
  }

  private async toTokenUser(user: User): Promise<TokenUser> {
    const name = user.displayNameSealed && (await this.vault.open(user.displayNameSealed, { expected: nameContext(user.id) }));
    return {
      id: user.id,
      role: user.role,
      ...(user.departmentId && { departmentId: user.departmentId }),
      ...(user.specialistId && { specialistId: user.specialistId }),
      ...(user.talentId && { talentId: user.talentId }),
      ...(user.employerId && { employerId: user.employerId }),
      ...(name && !name.erased && { displayName: name.value }),
    };
  }
}

const normaliseLogin = (login: string): string => login.normalize('NFKC').trim().toLowerCase();

const nameContext = (userId: string): string => `identity.users/${userId}/displayName`;
