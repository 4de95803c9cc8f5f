import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { bindAddresses } from './addresses.js';
import { ListenError } from './errors.js';

/** How long, in milliseconds, a client may take for its TLS handshake. */
const HANDSHAKE_TIMEOUT = 10_000;
const PROTOCOL = 'h2';
/** A free port of one address may be taken on the other; so many are tried. */
const PORT_ATTEMPTS = 10;

/** Certificate chain and private key, PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

export interface ListenerOptions {
  host: string;
  /** 0: the system chooses a free one. */
  port: number;
  /** Undefined: plaintext. */
  keyPair: KeyPair | undefined;
  /** Takes each connection whose handshake, if any, succeeded. */
  accept(socket: Socket): void;
  /** Told of errors of the listening sockets. */
  onError(error: unknown): void;
}

/** The listening sockets of a server and every connection through them, those still in their handshake included. */
export class Listener {
  private readonly sockets = new Set<Socket>();
  private readonly servers: Server[] = [];
  private boundPort = 0;

  private constructor(private readonly options: ListenerOptions) {}

  /** @throws ListenError if an address can not be bound */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    try {
      await listener.bindAll();
    } catch (error) {
      await listener.close();
      throw new ListenError(`can not listen on ${options.host}:${options.port}: ${(error as Error).message}`, { cause: error });
    }
    return listener;
  }

  get port(): number {
    return this.boundPort;
  }

  /** From now on handshakes use this pair; connections made before are not touched. */
  useKeyPair(keyPair: KeyPair): void {
    for (const server of this.servers) if (server instanceof TlsServer) server.setSecureContext(keyPair);
  }

  /** Takes no more connections; those there are live on. */
  stopAccepting(): void {
    for (const server of this.servers) server.close();
  }

  /** Cuts every connection and resolves when nothing is left of them. */
  async close(): Promise<void> {
    const closed = this.servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(closed);
  }

  private async bindAll(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [first, ...others] = bindAddresses(this.options.host);
        this.boundPort = await this.bind(first!, this.options.port);
        for (const address of others) await this.bindIfPresent(address);
        return;
      } catch (error) {
        const mayHelp = this.options.port === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!mayHelp || attempt === PORT_ATTEMPTS) throw error;
        await this.close();
        this.servers.length = 0;
      }
    }
  }

  /** Not every machine has IPv6. */
  private async bindIfPresent(address: string): Promise<void> {
    try {
      await this.bind(address, this.boundPort);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error;
    }
  }

  private async bind(host: string, port: number): Promise<number> {
    const server = this.createServer();
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.options.onError(error));
    this.servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  private createServer(): Server {
    const { keyPair, accept } = this.options;
    if (!keyPair) return createServer(accept);
    const options = {
      ...keyPair,
      ALPNProtocols: [PROTOCOL],
      minVersion: 'TLSv1.2',
      handshakeTimeout: HANDSHAKE_TIMEOUT,
    } as const;
    return createTlsServer(options, (socket) => {
      // Between the handshake and the first frame nobody else listens for the connection's loss.
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === PROTOCOL) accept(socket);
      else socket.destroy();
    });
  }
}
