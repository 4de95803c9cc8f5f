import { randomUUID } from 'node:crypto';
import { AccessLog, LocalIssuer, type TokenRole, type TokenUser, Users } from '@huicai/identity';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApi } from '../../apps/api/src/api.js';
import { Parts } from '../../apps/api/src/parts.js';
import { type ApiDocument, deviation } from './described.js';
import { startTestSystem, type TestSystem } from './system.js';
import { until } from './until.js';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies differ from route to route
  readonly json: any;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is instead of a JSON body. */
  readonly raw?: string | Buffer;
}

/** One user of the API; every answer is held against the API's description. Reads wait for the last thing anyone wrote through the same {@link TestApi}. */
export interface Client {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  post(path: string, body?: unknown, options?: SendOptions): Promise<Reply>;
  send(method: string, path: string, body?: unknown, options?: SendOptions): Promise<Reply>;
}

export interface TestApi {
  readonly t: TestSystem;
  readonly app: NestFastifyApplication;
  readonly issuer: LocalIssuer;
  readonly users: Users;
  readonly lines: string[];
  as(role: TokenRole, affiliation?: Partial<TokenUser>): Promise<Client>;
  withToken(token: string | undefined): Client;
  /** Position of the last event in the log. */
  head(): Promise<string>;
  stop(): Promise<void>;
}

/** The API on a system of the test's own unless one is given, with a worker that follows. */
export async function startTestApi(given?: TestSystem, readWaitMs?: number): Promise<TestApi> {
  const t = given ?? (await startTestSystem());
  t.startWorker();
  const { system } = t;
  const issuer = await LocalIssuer.open(system.vault);
  const users = new Users(system.dataSource, system.vault);
  const lines: string[] = [];
  const local = { issuer, users };
  const parts = new Parts(system, issuer, new AccessLog(system.dataSource), local, (line) => void lines.push(line), readWaitMs);
  const app = await createApi(parts);
  await until('the views exist', async () => {
    const { rows } = await system.pool.query("select to_regclass('read.history_checkpoint') is not null as there");
    return rows[0].there;
  });
  const document = (await app.inject('/api/openapi.json')).json() as ApiDocument;
  let written: string | undefined;
  const withToken = (token: string | undefined): Client => {
    const send: Client['send'] = async (method, path, body, { headers = {}, raw } = {}) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const response = await app.inject({
        method: method as 'GET',
        url: path.startsWith('/') ? path : `/api/v1/${path}`,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(method === 'GET' && written !== undefined ? { 'x-min-position': written } : {}),
          ...headers,
        },
        ...(payload === undefined ? {} : { payload }),
      });
      written = (response.headers['x-position'] as string | undefined) ?? written;
      const isJson = /[/+]json/.test(String(response.headers['content-type']));
      if (isJson && response.body !== '' && !/^\/api\/(docs|openapi)/.test(path)) {
        const url = path.startsWith('/') ? path : `/api/v1/${path}`;
        const unlike = unroutable(response.statusCode, response.body)
          ? undefined
          : deviation(document, method, url, response.statusCode, response.json());
        if (unlike) throw new Error(`Not as described: ${unlike}\n${response.body.slice(0, 500)}`);
      }
      return {
        status: response.statusCode,
        headers: response.headers as Record<string, string>,
        text: response.body,
        json: isJson && response.body !== '' ? JSON.parse(response.body) : undefined,
      };
    };
    return {
      send,
      get: (path, headers) => send('GET', path, undefined, headers ? { headers } : {}),
      post: (path, body, options) => send('POST', path, body, options),
    };
  };
  return {
    t,
    app,
    issuer,
    users,
    lines,
    withToken,
    as: async (role, affiliation = {}) =>
      withToken((await issuer.issueToken({ id: randomUUID(), role, ...affiliation })).accessToken),
    head: async () => {
      for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) return event.position.toString();
      return 'empty';
    },
    stop: async () => {
      await app.close();
      await t.stop();
    },
  };
}

/** Refused before any route was found, so no route describes it. */
const unroutable = (status: number, body: string): boolean =>
  status === 404 || status === 400 ? /"code":"(route-not-found|url-malformed)"/.test(body) : false;

/** A talent nobody else is. */
export function someTalent(): Record<string, string> {
  const passport = `T${randomUUID().replaceAll('-', '').slice(0, 12).toUpperCase()}`;
  return {
    name: '张测试',
    documentType: 'PASSPORT',
    documentNumber: passport,
    phone: '13900000000',
    category: 'M',
    engagement: 'FLEXIBLE',
    employer: '某某科技有限公司',
  };
}
