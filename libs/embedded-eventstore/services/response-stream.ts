import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ServiceContext } from './context.js';
import { isServerError, toFault, unavailable } from './faults.js';
import { resetCall } from './reset-call.js';

/** Thrown into a handler whose client has gone; there is no one to answer. */
class CallEndedError extends Error {}

/** The call itself would take sixteen messages before it asks to wait, each of up to a megabyte. */
const MAX_UNSENT_BYTES = 64 * 1024;

/** The sending side of a server-streaming call, paced by the client. */
export class ResponseStream {
  private readonly abort = new AbortController();
  private unsent = 0;
  private wake: () => void = () => undefined;

  constructor(private readonly call: ServerWritableStream<unknown, Buffer>) {
    const end = () => {
      this.abort.abort();
      this.wake();
    };
    call.on('cancelled', end);
    call.on('close', end);
  }

  /** Aborts when the client cancels or the connection is lost. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /**
   * Sends an encoded message. Returns a promise only when the client is behind: the next message must wait for it, which
   * is what keeps a slow reader from filling memory.
   */
  write(message: Buffer): Promise<void> | undefined {
    if (this.signal.aborted) throw new CallEndedError();
    this.unsent += message.length;
    this.call.write(message, () => {
      this.unsent -= message.length;
      if (!this.isBehind) this.wake();
    });
    return this.isBehind ? this.caughtUp() : undefined;
  }

  private get isBehind(): boolean {
    return this.unsent >= MAX_UNSENT_BYTES;
  }

  private async caughtUp(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    if (this.signal.aborted) throw new CallEndedError();
  }
}

/** Runs the handler of a server-streaming call: ends the call when it is done, answers its errors, stops it with the server. */
export function serveStream<T>(
  context: ServiceContext,
  call: ServerWritableStream<T, Buffer>,
  handle: (request: T, out: ResponseStream) => Promise<void>,
): void {
  const out = new ResponseStream(call);
  if (context.calls.isStopping) {
    call.emit('error', unavailable('the server is stopping'));
    return;
  }
  const forget = context.calls.add(() => resetCall(call));
  handle(call.request, out)
    .then(
      () => call.end(),
      (error: unknown) => {
        if (error instanceof CallEndedError) return;
        const fault = toFault(error);
        if (isServerError(fault)) context.report(error);
        call.emit('error', fault);
      },
    )
    .finally(forget)
    .catch(context.report);
}
