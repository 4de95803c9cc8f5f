/** Where progress is written. */
export interface ProgressOutput {
  write(text: string): void;
  /** True where a line can be written over. */
  readonly isTTY?: boolean;
}

const WIDTH = 30;

/** A bar that is drawn over itself on a terminal, and a line every tenth elsewhere. */
export class Progress {
  private last = 0;

  constructor(
    private readonly output: ProgressOutput,
    private readonly label: string,
  ) {}

  show(done: number, of: number): void {
    const percent = Math.floor((done * 100) / of);
    const step = this.output.isTTY ? 1 : 10;
    if (percent < this.last + step) return;
    this.last = percent - (percent % step);
    const filled = Math.round((percent * WIDTH) / 100);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    if (this.output.isTTY) this.output.write(`\r${this.label} ${bar} ${percent} %`);
    else this.output.write(`${this.label} ${this.last} %\n`);
  }

  /** Leaves the line to what is written next. */
  end(): void {
    if (this.output.isTTY && this.last > 0) this.output.write('\n');
  }
}
