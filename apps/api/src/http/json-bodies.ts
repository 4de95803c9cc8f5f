import { badInput } from '@huicai/http';
import type { FastifyInstance } from 'fastify';

/** Bodies are JSON in UTF-8 or nothing; an empty one is none, whatever its type says. */
export function useJsonBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const parse = fastify.getDefaultJsonParser('error', 'error');
  const strict = new TextDecoder('utf-8', { fatal: true });
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (bytes.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = strict.decode(bytes);
    } catch {
      done(badInput('malformed-json', '$'));
      return;
    }
    void parse(request, text, (error, value) => (error ? done(badInput('malformed-json', '$')) : done(null, value)));
  });
}
