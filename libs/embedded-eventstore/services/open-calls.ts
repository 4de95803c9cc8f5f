/** The calls in progress, so that stopping the server can end each in the way its kind requires. */
export class OpenCalls {
  private readonly stops = new Set<() => void>();
  private stopped = false;

  /** True once the server has begun to stop: new calls are to be refused. */
  get isStopping(): boolean {
    return this.stopped;
  }

  /** Registers a call; `stop` ends it early. Returns the function that takes it off again. */
  add(stop: () => void): () => void {
    this.stops.add(stop);
    return () => {
      this.stops.delete(stop);
    };
  }

  /** From now on new calls are refused. */
  beginStop(): void {
    this.stopped = true;
  }

  /** Ends every call still open. */
  stopAll(): void {
    for (const stop of [...this.stops]) stop();
    this.stops.clear();
  }
}
