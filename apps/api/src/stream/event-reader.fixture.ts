import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { until } from '../../../../test/support/until.js';

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: data differ from event to event
  readonly data: any;
}

/** Reads an event stream as a browser's EventSource does, over a connection of its own. */
export class EventReader {
  readonly events: StreamEvent[] = [];
  comments = 0;
  ended = false;
  status: number | undefined;
  contentType: string | undefined;
  body = '';
  /** As EventSource keeps it: also from blocks without data. */
  lastEventId: string | undefined;
  private response: IncomingMessage | undefined;
  private readonly sent: ClientRequest;
  private rest = '';

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.sent = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false }, (response) => {
      this.response = response;
      this.status = response.statusCode;
      this.contentType = response.headers['content-type'];
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.take(text));
      response.on('close', () => (this.ended = true));
      response.on('error', () => undefined);
    });
    this.sent.on('error', () => (this.ended = true));
    this.sent.end();
  }

  named(event: string): StreamEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  /** Waits for an event that fits. */
  async next(what: string, fits: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    return until(`the event ${what}`, () => this.events.find(fits));
  }

  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  close(): void {
    this.sent.destroy();
  }

  private take(text: string): void {
    this.body += text;
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop()!;
    for (const block of blocks) this.read(block.split('\n'));
  }

  private read(lines: readonly string[]): void {
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    this.comments += lines.filter((line) => line.startsWith(':')).length;
    this.lastEventId = field('id') ?? this.lastEventId;
    const data = field('data');
    if (data !== undefined) this.events.push({ event: field('event') ?? 'message', id: field('id'), data: JSON.parse(data) });
  }
}
