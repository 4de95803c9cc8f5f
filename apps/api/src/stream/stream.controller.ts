import { Asked, badInput, header, type RequestState, Roles } from '@huicai/http';
import { bearerToken, tokenExpiry } from '@huicai/identity';
import { Refusal } from '@huicai/kernel';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CASE_ROLES, caseSight } from '../../../../libs/contexts/visibility.js';
import { readsFor } from '../bus/reads.js';
import { Parts } from '../parts.js';
import { ChangeStream } from './change-stream.js';

/** Timers of Node take no more milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const DESCRIPTION = [
  'Server-sent events. `case`: a case the caller sees has changed; id, number, status, times of its light, revision, never anything personal.',
  '`gone`: the caller sees the case of this id no longer. `reset`: load what is shown anew, with the event’s id as X-Min-Position; the first',
  'event of every stream without Last-Event-ID, and the word to whoever fell too far behind, or when changes came to light late, or another calendar or other limits have moved dues. `end`: why the stream ends. Ids are positions;',
  'a case that changed several times while nobody listened is told once, as it now stands. A comment line comes every 15 s.',
].join(' ');

@ApiTags('stream')
@Controller()
export class StreamController {
  constructor(
    private readonly parts: Parts,
    private readonly changes: ChangeStream,
  ) {}

  @Get('stream')
  @Roles(...CASE_ROLES, 'employer')
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: DESCRIPTION, schema: { type: 'string' } })
  @ApiOperation({ summary: 'Changes of the cases the caller may see, as they happen' })
  async stream(@Asked() state: RequestState, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseOtherThanStreams(state);
    const from = lastEventIdOf(state);
    const reads = readsFor(this.parts, state);
    const sight = await caseSight(reads);
    const expiry = tokenExpiry(bearerToken(header(state, 'authorization')));
    this.changes.refuseWhenFull();
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that gather answers before they pass them on would hold back every event.
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD' || raw.destroyed) return void raw.end();
    const { role, employerId } = reads.caller;
    const isEmployer = role === 'employer' && employerId !== undefined;
    const audience = { sight, isOutside: isEmployer || role === 'talent', ...(isEmployer ? { employerId } : {}) };
    const listener = this.changes.join(raw, audience, from);
    const left = Math.min(Math.max(0, expiry.getTime() - Date.now()), LONGEST_TIMER_MS);
    const expired = setTimeout(() => listener.end('token-expired'), left);
    raw.on('close', () => clearTimeout(expired));
  }
}

/** An answer without end goes to those alone who say that they can take one. @throws Refusal `event-stream-not-accepted` */
function refuseOtherThanStreams(state: RequestState): void {
  const accepted = header(state, 'accept') ?? '';
  if (!/(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;|,|$)/i.test(accepted))
    throw new Refusal('illegal', 'event-stream-not-accepted', { field: 'Accept' });
}

/** @throws BadInput `last-event-id-invalid` */
function lastEventIdOf(state: RequestState): bigint | undefined {
  const value = header(state, 'last-event-id');
  if (value === undefined || value === '') return undefined;
  if (!/^\d{1,18}$/.test(value)) throw badInput('last-event-id-invalid', 'Last-Event-ID');
  return BigInt(value);
}
