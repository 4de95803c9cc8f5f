import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/**
 * A link to a server of this machine that can fall silent as a network does that loses packets: what is sent on it then arrives
 * nowhere and neither end is told, until it is mended. Then what was sent arrives late, for TCP sends again what was lost.
 */
export class SilentLink {
  private readonly sockets = new Set<Socket>();
  private held: (() => void)[] | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (near) => this.carry(near));
  }

  /** @param port of the server */
  static async to(port: number): Promise<SilentLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentLink(server, port);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  fallSilent(): void {
    this.held ??= [];
  }

  mend(): void {
    const { held = [] } = this;
    this.held = undefined;
    for (const deliver of held) deliver();
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private carry(near: Socket): void {
    const far = tcp(this.target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => this.deliver(() => to.write(bytes)));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        this.deliver(() => to.destroy());
      });
    }
  }

  private deliver(packet: () => void): void {
    if (this.held) this.held.push(packet);
    else packet();
  }
}
