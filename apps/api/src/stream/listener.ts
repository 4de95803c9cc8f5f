import type { Sight } from '../../../../libs/contexts/cases/facts.js';

/** What an answer that is written piece by piece must be able to do. */
export interface Sink {
  readonly writableLength: number;
  write(text: string): boolean;
  end(): void;
  destroy(): void;
  on(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
}

/** Whose stream it is. */
export interface Audience {
  readonly sight: Sight;
  /** Talents and employers see what was promised to the talent, not the clocks of those who work for them. */
  readonly isOutside: boolean;
  /** Of an employer, which is told of talents that are its own to this day. */
  readonly employerId?: string;
}

/** Beats a listener may take no part in before its connection is cut. */
const PATIENCE = 4;

/**
 * One open event stream. What is written is never held beyond `bufferBytes`: a listener who takes too little is written nothing
 * more, and told to load anew once it has taken what was there.
 */
export class Listener {
  private behind = false;
  private over = false;
  private missedBeats = 0;

  /**
   * @param from position of the last thing it was told over an earlier connection
   * @param resumed gives the place from which a listener that had fallen behind is told again
   */
  constructor(
    private readonly sink: Sink,
    readonly audience: Audience,
    readonly from: bigint | undefined,
    private readonly bufferBytes: number,
    resumed: () => bigint,
  ) {
    sink.on('error', () => sink.destroy());
    sink.on('drain', () => {
      if (!this.behind) return;
      this.behind = false;
      this.reset(resumed(), 'too-slow');
    });
    this.put('retry: 2000\n\n');
  }

  tell(event: string, position: bigint, data: string): void {
    this.put(`event: ${event}\nid: ${position}\ndata: ${data}\n\n`);
  }

  /** What it shows is to be loaded anew; everything after this position will be told. */
  reset(position: bigint, reason: string): void {
    this.tell('reset', position, JSON.stringify({ reason, position: position.toString() }));
  }

  /** Shows that the connection lives, and how far nothing was missed. */
  beat(position: bigint | undefined): void {
    this.missedBeats = this.behind ? this.missedBeats + 1 : 0;
    if (this.missedBeats >= PATIENCE) this.sink.destroy();
    this.put(`: beat\n${position === undefined ? '' : `id: ${position}\n`}\n`);
  }

  /** Says why and closes. */
  end(reason: string): void {
    // What waits would keep the connection open for as long as it is not taken.
    if (this.behind) this.sink.destroy();
    this.put(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    this.over = true;
    this.sink.end();
  }

  private put(text: string): void {
    if (this.behind || this.over) return;
    this.sink.write(text);
    this.behind = this.sink.writableLength > this.bufferBytes;
  }
}
