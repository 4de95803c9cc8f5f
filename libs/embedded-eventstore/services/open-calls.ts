/** The calls in progress, so that stopping the server can end each in the way its kind requires. */
export class OpenCalls {
  private readonly stops = new Set<() => void>();
  private stopped: boolean = false;

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

  /** Ends every call still open; from now on new ones are refused. */
  stopAll(): void {
    this.stopped = true;
    for (const stop of [...this.stops]) stop();
  }
}
