import { once } from 'node:events';
import { chmod, open, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { DATA_FILE } from '../storage/environment.js';

const SOCKET_FILE = 'control.sock';
const LONGEST_LINE = 16 * 1024;
/** Longest path of a socket in bytes that every system takes. */
const LONGEST_PATH = 100;

/** Thrown when the server that holds a directory can not be reached or does not do what it is asked. */
export class ServerControlError extends Error {
  constructor(
    message: string,
    /** Is there no server listening, perhaps because it is just starting or ending? */
    readonly unreachable: boolean = false,
  ) {
    super(message);
  }
}

interface Request {
  /** Absolute path of an existing directory to write a copy of the database into. */
  backupTo: string;
}

/** One line of JSON: empty when the request was carried out. */
interface Reply {
  error?: string;
}

/**
 * Takes requests from maintenance commands, on a socket in the directory that only its owner can open. A command can not
 * work on the database beside the running server: see `openEnvironment`.
 */
export class ControlSocket {
  private copying: Promise<void> | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly copyTo: (dir: string) => Promise<void>,
    private readonly path: SocketPath,
  ) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      // A client that goes away in between has nothing more to be told.
      socket.on('error', () => socket.destroy());
      this.serve(socket).catch((error: unknown) => reply(socket, { error: messageOf(error) }));
    });
  }

  /** Listens in `dir`, which must be locked. @param copyTo writes a copy of the database into an existing directory */
  static async open(dir: string, copyTo: (dir: string) => Promise<void>): Promise<ControlSocket> {
    const path = await socketPath(dir);
    try {
      // What a killed server has left behind.
      await rm(path.path, { force: true });
      const server = createServer();
      server.listen(path.path);
      await once(server, 'listening');
      await chmod(path.path, 0o600);
      return new ControlSocket(server, copyTo, path);
    } catch (error) {
      await path.release();
      throw error;
    }
  }

  /** Stops listening, which removes the socket, and waits for a copy that is being written: it can not be broken off. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    await this.copying?.catch(() => undefined);
    for (const socket of this.sockets) socket.destroySoon();
    await closed;
    await this.path.release();
  }

  private async serve(socket: Socket): Promise<void> {
    const { backupTo } = JSON.parse(await readLine(socket)) as Request;
    // Only who reads on notices that the other side has gone.
    socket.resume();
    if (this.copying) throw new Error('the server is already writing a copy');
    this.copying = this.copyTo(backupTo);
    try {
      await this.copying;
      // Nobody would remove it.
      if (socket.destroyed) await rm(join(backupTo, DATA_FILE), { force: true });
      else reply(socket, {});
    } finally {
      this.copying = undefined;
    }
  }
}

/**
 * Asks the server that holds `dir` to write a copy of its database into the existing directory `to`, an absolute path.
 * Aborting ends the wait, not the copy. @throws ServerControlError
 */
export async function requestCopy(dir: string, to: string, signal?: AbortSignal): Promise<void> {
  const path = await socketPath(dir);
  const socket = connect(path.path);
  try {
    await once(socket, 'connect', { signal }).catch((error: NodeJS.ErrnoException) => {
      if (signal?.aborted) throw error;
      throw new ServerControlError(`the server of ${dir} can not be reached: ${error.message}`, true);
    });
    socket.write(`${JSON.stringify({ backupTo: to } satisfies Request)}\n`);
    const answer = await readLine(socket, signal).catch((error: Error) => {
      if (signal?.aborted) throw error;
      throw new ServerControlError(`the server of ${dir} ended before the copy was complete`);
    });
    const { error } = JSON.parse(answer) as Reply;
    if (error !== undefined) throw new ServerControlError(`the server could not write the copy: ${error}`);
  } finally {
    socket.destroy();
    await path.release();
  }
}

interface SocketPath {
  path: string;
  release(): Promise<void>;
}

/** The path of a socket may have about a hundred bytes; through an open directory the way to it is always short. */
async function socketPath(dir: string): Promise<SocketPath> {
  const path = join(dir, SOCKET_FILE);
  if (Buffer.byteLength(path) <= LONGEST_PATH || process.platform !== 'linux') return { path, release: async () => undefined };
  const handle = await open(dir);
  return { path: `/proc/self/fd/${handle.fd}/${SOCKET_FILE}`, release: () => handle.close() };
}

async function readLine(socket: Socket, signal?: AbortSignal): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  const abort = () => socket.destroy(new Error('interrupted'));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const part of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      text += part;
      const end = text.indexOf('\n');
      if (end >= 0) return text.slice(0, end);
      if (text.length > LONGEST_LINE) break;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  throw new Error('the connection ended within a message');
}

function reply(socket: Socket, message: Reply): void {
  if (!socket.destroyed) socket.end(`${JSON.stringify(message)}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
