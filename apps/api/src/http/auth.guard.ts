import { header, idempotencyKeyOf, isEmployerId, isUuid, PUBLIC, type RequestState, ROLES } from '@huicai/http';
import { bearerToken, type Principal, TokenError, type TokenRole, type TokenVerifier } from '@huicai/identity';
import { forbidden } from '@huicai/kernel';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { refuseBadCorrelationId } from './request-state.js';

/** Lets a request in when its token holds and its role may call the route. A route that names no role lets nobody in. */
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const state = context.switchToHttp().getRequest<{ huicai: RequestState }>().huicai;
    refuseBadCorrelationId(state);
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const principal = await this.verifier.verifyToken(bearerToken(header(state, 'authorization')));
    refuseForeignAffiliation(principal);
    const wanted = header(state, 'x-role');
    if (wanted !== undefined && wanted !== principal.role) throw forbidden('role-not-owned');
    const allowed = this.reflector.getAllAndOverride<readonly TokenRole[] | undefined>(ROLES, targets) ?? [];
    if (!allowed.includes(principal.role)) throw forbidden('role-not-allowed', { params: { role: principal.role } });
    state.principal = principal;
    const key = idempotencyKeyOf(state);
    if (key !== undefined) state.idempotencyKey = key;
    return true;
  }
}

/** An issuer may put anything into a claim; what names nothing of ours is no affiliation. @throws TokenError */
function refuseForeignAffiliation({ talentId, specialistId, departmentId, employerId }: Principal): void {
  const malformed =
    (talentId !== undefined && !isUuid(talentId)) ||
    (specialistId !== undefined && !isUuid(specialistId)) ||
    (employerId !== undefined && !isEmployerId(employerId)) ||
    (departmentId !== undefined && !/^[a-z][a-z0-9-]{0,31}$/.test(departmentId));
  if (malformed) throw new TokenError('token-invalid', 'The token names an affiliation that can not be');
}
