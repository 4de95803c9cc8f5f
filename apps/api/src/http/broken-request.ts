import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { badInput } from '@huicai/http';
import { problemOf } from './problems.js';

/** Answers what is not HTTP, or comes too slowly to be, and hangs up. */
export function refuseBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { headers, body } = problemOf(badInput('request-malformed', '$'), 'zh');
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 400 ${STATUS_CODES[400]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
