import {
  type Answer,
  Asked,
  answer,
  badInput,
  Code,
  EmployerId,
  type Fault,
  Field,
  Makes,
  OneOf,
  object,
  Public,
  type RequestState,
  Roles,
  Shows,
  Uuid,
} from '@huicai/http';
import { TOKEN_ROLES, type TokenRole } from '@huicai/identity';
import { notFound } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { callerOf } from '../http/request-state.js';
import { type LocalLogin, Parts } from '../parts.js';

/** What is typed at a login is compared, never shown, so nothing but its size is judged. */
const credential = (min: number, code: string) => {
  const check = (value: unknown): Fault | undefined => {
    if (typeof value !== 'string') return { code: 'wrong-type', params: { expected: 'string' } };
    // PostgreSQL takes no NUL, and nobody can type one.
    if (/\p{Cc}/u.test(value)) return { code: 'control-character' };
    if (value.length > 1_024) return { code: 'text-too-long', params: { max: 1_024 } };
    return Array.from(value).length < min ? { code, params: { min } } : undefined;
  };
  return Field(check, { type: String, minLength: min, maxLength: 1_024 });
};

export class LoginBody {
  @credential(1, 'text-empty')
  readonly login!: string;
  @credential(1, 'text-empty')
  readonly password!: string;
}

export class NewAccountBody {
  @Code('Login', /^[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}$/)
  readonly login!: string;
  @credential(12, 'password-too-short')
  readonly password!: string;
  @OneOf(TOKEN_ROLES, 'The one role of the account')
  readonly role!: TokenRole;
  @Uuid('The talent a talent’s account belongs to', { optional: true })
  readonly talentId?: string;
  @Code('The department of a department’s account', /^[a-z][a-z0-9-]{0,31}$/, { optional: true })
  readonly departmentId?: string;
  @Uuid('The specialist a specialist’s account belongs to', { optional: true })
  readonly specialistId?: string;
  @EmployerId('The employer an employer’s account acts for, by its unified social credit code', { optional: true })
  readonly employerId?: string;
}

/** Which affiliation each role needs; a specialist's department is what the enrolment says. */
const AFFILIATION: Partial<Record<TokenRole, 'talentId' | 'departmentId' | 'specialistId' | 'employerId'>> = {
  talent: 'talentId',
  employer: 'employerId',
  department: 'departmentId',
  specialist: 'specialistId',
};

const CALLER_SHAPE = object({
  id: 'text',
  role: 'text',
  displayName: 'text?',
  talentId: 'uuid?',
  departmentId: 'text?',
  specialistId: 'uuid?',
  employerId: 'text?',
});

@ApiTags('auth')
@Controller()
export class AuthController {
  constructor(private readonly parts: Parts) {}

  @Post('auth/token')
  @HttpCode(200)
  @Public()
  @Shows('The token', object({ accessToken: 'text', tokenType: 'text', expiresIn: 'integer', role: 'text' }))
  @ApiOperation({ summary: 'A bearer token for a local account; only where no external issuer is used' })
  async token(@Body() { login, password }: LoginBody): Promise<Answer> {
    const { issuer, users } = this.local();
    const user = await users.authenticate(login, password);
    const { accessToken, expiresIn } = await issuer.issueToken(user);
    return answer({ accessToken, tokenType: 'Bearer', expiresIn, role: user.role }, { headers: { 'cache-control': 'no-store' } });
  }

  @Post('auth/users')
  @Roles('admin')
  @Makes('The account', object({ id: 'uuid', login: 'text', role: 'text' }))
  @ApiOperation({ summary: 'Adds a local account; only where no external issuer is used' })
  async add(@Body() account: NewAccountBody): Promise<Answer> {
    const { users } = this.local();
    const needed = AFFILIATION[account.role];
    for (const field of ['talentId', 'departmentId', 'specialistId', 'employerId'] as const) {
      if (field === needed && account[field] === undefined) throw badInput('affiliation-needed', field);
      if (field !== needed && account[field] !== undefined) throw badInput('affiliation-unexpected', field);
    }
    const id = await users.add(account);
    return answer({ id, login: account.login.toLowerCase(), role: account.role }, { status: 201 });
  }

  @Get('me')
  @Roles(...TOKEN_ROLES)
  @Shows('The caller', CALLER_SHAPE)
  @ApiOperation({ summary: 'Who the token speaks for' })
  me(@Asked() request: RequestState): Answer {
    const { id, role, talentId = null, departmentId = null, specialistId = null, employerId = null } = callerOf(request);
    const displayName = request.principal?.displayName ?? null;
    return answer({ id, role, displayName, talentId, departmentId, specialistId, employerId });
  }

  private local(): LocalLogin {
    if (!this.parts.local) throw notFound('local-accounts-off');
    return this.parts.local;
  }
}
