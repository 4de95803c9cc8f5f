import { AccessRead, User } from '@huicai/identity';

/** Every TypeORM entity of the durable schemas. */
export const entities = [User, AccessRead];
