import { Agent, request } from 'node:http';

/** A small keep-alive client: a bench should measure the server, not its own client. */
export class Http {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(
    private readonly base: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  with(headers: Readonly<Record<string, string>>): Http {
    return new Http(this.base, { ...this.headers, ...headers });
  }

  /** @throws Error for any status of 400 and above */
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ body: T; headers: Record<string, unknown> }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...this.headers,
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.base), { method, headers, agent: this.agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const received = Buffer.concat(chunks).toString('utf8');
          if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${received}`));
          else resolve({ body: (received === '' ? {} : JSON.parse(received)) as T, headers: answer.headers });
        });
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
