import type { Principal } from '@huicai/identity';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isUuid } from './checks.js';
import { badInput } from './faults.js';

export type Language = 'zh' | 'en';

/** What is known of a request besides its body; filled as it passes the edge. */
export interface RequestState {
  readonly method: string;
  /** Concrete path, ids filled in, no query. */
  readonly path: string;
  readonly correlationId: string;
  readonly language: Language;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  principal?: Principal;
  idempotencyKey?: string;
}

export interface HttpRequest {
  readonly huicai: RequestState;
  readonly params: Readonly<Record<string, string>>;
}

const requestOf = (context: ExecutionContext): HttpRequest => context.switchToHttp().getRequest<HttpRequest>();

/** The state of the request at hand. */
export const Asked = createParamDecorator((_: undefined, context: ExecutionContext): RequestState => requestOf(context).huicai);

/** An id in the path. @throws BadInput `not-a-uuid` */
export const Id = createParamDecorator((name: string, context: ExecutionContext): string => {
  const id = requestOf(context).params[name] ?? '';
  if (!isUuid(id)) throw badInput('not-a-uuid', name);
  return id;
});

/** One value of a header; the first when it was sent several times. */
export function header(state: Pick<RequestState, 'headers'>, name: string): string | undefined {
  const value = state.headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}
