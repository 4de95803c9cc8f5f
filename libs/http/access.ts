import type { TokenRole } from '@huicai/identity';
import { SetMetadata } from '@nestjs/common';

export const ROLES = 'huicai:roles';
export const PUBLIC = 'huicai:public';

/** Roles that may call a route at all. Whose data they see is decided by the rulebook or the query. */
export const Roles = (...roles: readonly TokenRole[]) => SetMetadata(ROLES, roles);

/** A route that needs no token. */
export const Public = () => SetMetadata(PUBLIC, true);
