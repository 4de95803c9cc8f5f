import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';

const STREAMS = '/event_store.client.streams.Streams/';

/** The paths of all methods the server has, and of one it has not. */
export const METHODS = {
  read: `${STREAMS}Read`,
  append: `${STREAMS}Append`,
  batchAppend: `${STREAMS}BatchAppend`,
  delete: `${STREAMS}Delete`,
  tombstone: `${STREAMS}Tombstone`,
  gossip: '/event_store.client.gossip.Gossip/Read',
  features: '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
  unknown: '/event_store.client.projections.Projections/Create',
} as const;

/** A gRPC message: a flag, the length of the content, the content. Flag and length can be told wrong. */
export function framed(content: Uint8Array, flag = 0, length = content.length): Buffer {
  const frame = Buffer.alloc(5 + content.length);
  frame[0] = flag;
  frame.writeUInt32BE(length, 1);
  frame.set(content, 5);
  return frame;
}

/** A bare HTTP/2 connection; its loss is no error. */
export async function openSession(port: number): Promise<ClientHttp2Session> {
  // By default this side would give up over ten megabytes.
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1000 });
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

/** Begins a call by hand; what becomes of it is no error. */
export function openCall(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const call = session.request({ ...callHeaders(path), ...headers });
  call.on('error', () => undefined);
  return call;
}

/** How a call ended: the gRPC status, or `reset` when there was none. Reads and drops what comes before. */
export async function endOf(call: ClientHttp2Stream): Promise<number | 'reset'> {
  let status: string | undefined;
  const take = (headers: IncomingHttpHeaders) => (status ??= headers['grpc-status'] as string | undefined);
  call.on('response', take);
  call.on('trailers', take);
  call.resume();
  // Not once(): an error of the call would reject it.
  if (!call.destroyed) await new Promise<void>((resolve) => call.once('close', resolve));
  return status === undefined ? 'reset' : Number(status);
}

/** Resolves when the server answers in any way: headers, or the end. */
export async function answerTo(call: ClientHttp2Stream): Promise<void> {
  if (call.destroyed) return;
  await new Promise<void>((resolve) => {
    call.once('response', () => resolve());
    call.once('close', () => resolve());
  });
}

/** A bare socket; its loss is no error. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Resolves when the server has sent something, or closed the connection. */
export async function answered(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve) => {
    socket.once('data', () => resolve());
    socket.once('close', () => resolve());
  });
}

/** Resolves when the socket is gone, whoever closed it. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Types of HTTP/2 frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

/** An HTTP/2 frame. */
export function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(9 + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(stream, 5);
  frame.set(payload, 9);
  return frame;
}

/** Header fields in the plainest encoding there is: literal, not indexed, not compressed, none over 126 bytes. */
export function headerBlock(fields: Record<string, string>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]);
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** The header fields that begin a call. */
export function callHeaders(path: string): Record<string, string> {
  return { ':method': 'POST', ':scheme': 'http', ':path': path, te: 'trailers', 'content-type': 'application/grpc' };
}
