import { header, idempotencyKeyOf, PUBLIC, type RequestState, ROLES } from '@huicai/http';
import { bearerToken, type TokenRole, type TokenVerifier } from '@huicai/identity';
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
