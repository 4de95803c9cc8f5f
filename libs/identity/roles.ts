import type { Role } from '@huicai/kernel';

/** Roles that a token may carry, one per user. `system` stands for timers, reactions and the seed, and is never one of them. */
export type TokenRole = Exclude<Role, 'system'>;

const ALL: Readonly<Record<TokenRole, true>> = {
  talent: true,
  employer: true,
  window: true,
  department: true,
  specialist: true,
  supervisor: true,
  auditor: true,
  venue: true,
  admin: true,
};

export const TOKEN_ROLES = Object.keys(ALL) as readonly TokenRole[];

export function isTokenRole(value: unknown): value is TokenRole {
  return typeof value === 'string' && Object.hasOwn(ALL, value);
}
