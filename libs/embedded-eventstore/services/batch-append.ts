import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type BatchAppendChunk, decodeBatchAppendChunk } from '../wire/append-request.js';
import { uuidToText } from '../wire/uuid.js';
import { batchFailure, batchOutcome, batchTimeout } from './batch-append-response.js';
import { decodeChunkIdentity } from './chunk-identity.js';
import type { ServiceContext } from './context.js';
import { invalidArgument, isServerError, type ServiceFault, streamDeleted, toFault } from './faults.js';
import { Proposal } from './proposal.js';
import { resetCall } from './reset-call.js';

/** Writers are held back while more than this waits for the disk. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024;
/** A client that does not take its answers is not read on while more than this many wait for it. */
const MAX_UNSENT_ANSWERS = 1024;
/** Bytes of memory that the unfinished appends of one call may take; the one that goes beyond is refused. */
const MAX_UNFINISHED_BYTES = 32 * 1024 * 1024;
/** Appends whose late chunks are recognised; a client that leaves more of them unfinished will not send those either. */
const MAX_REFUSED = 10_000;
/** An append whose chunks stop coming ends after this many milliseconds if it named no deadline. */
const DEFAULT_DEADLINE = 10_000;

interface PendingAppend {
  proposal: Proposal;
  /** Its part of `unfinishedBytes`. */
  bytes: number;
  timer: NodeJS.Timeout;
}

/**
 * Streams.BatchAppend: many appends over one duplex stream, each named by a correlation id and answered exactly once (a
 * second answer would crash the client). Appends take effect in the order their last chunks arrive.
 */
export function batchAppendHandler(context: ServiceContext) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => new BatchAppendCall(context, call).start();
}

class BatchAppendCall {
  private readonly pending = new Map<string, PendingAppend>();
  /** Answered already, but the client is still sending chunks. */
  private readonly refused = new Set<string>();
  private unfinishedBytes = 0;
  private inProgress = 0;
  /** Answers that have not left for the client yet. */
  private unsent = 0;
  private waitsForDisk: boolean = false;
  private stopping: boolean = false;
  private clientFinished: boolean = false;
  private ended: boolean = false;
  private forget: () => void = () => undefined;

  constructor(
    private readonly context: ServiceContext,
    private readonly call: ServerDuplexStream<Buffer, Buffer>,
  ) {}

  start(): void {
    this.forget = this.context.calls.add(() => {
      this.stopping = true;
      this.endWhenAnswered();
    });
    this.call.on('data', (message: Buffer) => this.receive(message));
    this.call.on('end', () => {
      this.clientFinished = true;
      this.endWhenAnswered();
    });
    this.call.on('cancelled', () => this.cleanUp());
    this.call.on('error', () => this.cleanUp());
  }

  private receive(message: Buffer): void {
    if (this.ended || this.stopping) return;
    try {
      const chunk = decodeBatchAppendChunk(message, this.context.now());
      if (!chunk.correlationId) throw invalidArgument('the correlation id is missing');
      this.accept(uuidToText(chunk.correlationId), chunk);
    } catch (error) {
      this.refuseUnreadable(message, this.report(error));
    }
    this.holdBack();
  }

  /** One append that can not be read must not end the others that share the call. */
  private refuseUnreadable(message: Buffer, fault: ServiceFault): void {
    const chunk = decodeChunkIdentity(message);
    if (!chunk) {
      // Without a correlation id there is nothing to answer to but the whole call.
      this.cleanUp();
      this.call.emit('error', fault);
    } else if (this.refused.has(chunk.id)) {
      if (chunk.isFinal) this.refused.delete(chunk.id);
    } else {
      const stream = this.pending.get(chunk.id)?.proposal.stream ?? '';
      this.refuse(chunk.id, chunk.isFinal, batchFailure(chunk.id, stream, fault));
    }
  }

  private accept(id: string, chunk: BatchAppendChunk): void {
    if (this.refused.has(id)) {
      if (chunk.isFinal) this.refused.delete(id);
      return;
    }
    const known = this.pending.get(id)?.proposal;
    const stream = known?.stream ?? chunk.options?.stream ?? '';
    try {
      const proposal = known ?? this.open(id, chunk);
      if (!proposal) return;
      for (const event of chunk.events) proposal.add(event);
      if (!chunk.isFinal) {
        this.keepUnfinished(id, proposal);
        return;
      }
      this.close(id);
      void this.submit(id, proposal);
    } catch (error) {
      this.refuse(id, chunk.isFinal, batchFailure(id, stream, this.report(error)));
    }
  }

  private open(id: string, chunk: BatchAppendChunk): Proposal | undefined {
    if (!chunk.options) throw invalidArgument('the first chunk of an append must have options');
    const { stream } = chunk.options;
    const remaining = (chunk.options.deadline ?? this.context.now() + DEFAULT_DEADLINE) - this.context.now();
    const timeOut = (isFinal: boolean) => this.refuse(id, isFinal, batchTimeout(id, stream));
    if (remaining <= 0) {
      timeOut(chunk.isFinal);
      return undefined;
    }
    const proposal = new Proposal(chunk.options);
    if (!chunk.isFinal) {
      const timer = setTimeout(() => timeOut(false), Math.min(remaining, 0x7fff_ffff));
      this.pending.set(id, { proposal, bytes: 0, timer });
    }
    return proposal;
  }

  private keepUnfinished(id: string, proposal: Proposal): void {
    const append = this.pending.get(id)!;
    this.unfinishedBytes += proposal.footprint - append.bytes;
    append.bytes = proposal.footprint;
    if (this.unfinishedBytes > MAX_UNFINISHED_BYTES) throw invalidArgument('too many appends are unfinished');
  }

  private async submit(id: string, proposal: Proposal): Promise<void> {
    this.inProgress++;
    try {
      const outcome = await this.context.log.append(proposal.stream, proposal.expected, proposal.events);
      if (outcome.kind === 'deleted') throw streamDeleted(proposal.stream);
      this.answer(batchOutcome(id, proposal.stream, proposal.expected, outcome));
    } catch (error) {
      this.answer(batchFailure(id, proposal.stream, this.report(error)));
    }
    this.inProgress--;
    this.endWhenAnswered();
  }

  private refuse(id: string, isFinal: boolean, response: Buffer): void {
    this.close(id);
    if (!isFinal) this.rememberRefused(id);
    this.answer(response);
  }

  private rememberRefused(id: string): void {
    this.refused.add(id);
    if (this.refused.size <= MAX_REFUSED) return;
    const [oldest] = this.refused;
    this.refused.delete(oldest!);
  }

  private close(id: string): void {
    const append = this.pending.get(id);
    if (!append) return;
    clearTimeout(append.timer);
    this.unfinishedBytes -= append.bytes;
    this.pending.delete(id);
  }

  private answer(response: Buffer): void {
    if (this.ended) return;
    this.unsent++;
    this.call.write(response, () => {
      this.unsent--;
      this.readOnOrPause();
      this.endWhenAnswered();
    });
  }

  private report(error: unknown) {
    const fault = toFault(error);
    if (isServerError(fault)) this.context.report(error);
    return fault;
  }

  /** Holds back a client that is faster than the disk, or than it takes its answers. */
  private holdBack(): void {
    if (this.context.log.pendingBytes >= MAX_PENDING_BYTES && !this.waitsForDisk) {
      this.waitsForDisk = true;
      const written = () => {
        this.waitsForDisk = false;
        this.readOnOrPause();
      };
      // A failed commit is answered by each append itself.
      this.context.log.settled().then(written, written);
    }
    this.readOnOrPause();
  }

  private readOnOrPause(): void {
    if (this.waitsForDisk || this.unsent >= MAX_UNSENT_ANSWERS) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  /** Answers on their way are lost by a reset, so a stopping server waits for them as one does whose client is done. */
  private endWhenAnswered(): void {
    if (!(this.clientFinished || this.stopping) || this.inProgress > 0 || this.unsent > 0 || this.ended) return;
    this.cleanUp();
    if (this.clientFinished) this.call.end();
    else resetCall(this.call);
  }

  private cleanUp(): void {
    this.ended = true;
    this.forget();
    for (const { timer } of this.pending.values()) clearTimeout(timer);
    this.pending.clear();
  }
}
