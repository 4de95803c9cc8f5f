import type { FillProgress } from '@huicai/projections';
import type { ProgressOutput } from './seed-progress.js';

const WIDTH = 30;
/** How often a line is written where it can not be written over, milliseconds. */
const LINE_EVERY_MS = 5_000;
const BAR_EVERY_MS = 100;

/** Shows how a rebuild comes on: a bar that is drawn over itself on a terminal, a line now and then elsewhere. */
export class RebuildProgress {
  private began: { readonly at: number; readonly events: number; readonly share: number } | undefined;
  private shown = Number.NEGATIVE_INFINITY;
  private drawn = false;

  /** @param now a clock, milliseconds */
  constructor(
    private readonly output: ProgressOutput,
    private readonly label: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  show({ events, share, step }: FillProgress): void {
    const at = this.now();
    this.began ??= { at, events, share };
    const every = this.output.isTTY ? BAR_EVERY_MS : LINE_EVERY_MS;
    if (at - this.shown < every && step !== 'indexing' && share < 1) return;
    this.shown = at;
    const text = step === 'indexing' ? `${this.label} makes its indexes` : this.text(events, share, at);
    this.output.write(this.output.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    this.drawn = true;
  }

  /** Leaves the line to what is written next. */
  end(): void {
    if (this.output.isTTY && this.drawn) this.output.write('\n');
  }

  private text(events: number, share: number, at: number): string {
    const filled = Math.floor(share * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} `;
    // The store does not count its events: how many there are is reckoned from how far these have come.
    const total = share >= 1 ? count(events) : share > 0 ? `about ${count(Math.max(events, Math.round(events / share)))}` : '?';
    return `${this.label} ${this.output.isTTY ? bar : ''}${Math.floor(share * 100)} %  ${count(events)} of ${total} events${this.pace(events, share, at)}`;
  }

  private pace(events: number, share: number, at: number): string {
    const { at: from, events: first, share: start } = this.began!;
    const seconds = (at - from) / 1_000;
    if (seconds <= 0 || events <= first) return '';
    const left = share > start ? `  ${duration(((1 - share) * seconds) / (share - start))} left` : '';
    return `  ${count(Math.round((events - first) / seconds))}/s${left}`;
  }
}

const count = (n: number): string => n.toLocaleString('en-US');

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return whole < 3_600 ? `${Math.ceil(whole / 60)} min` : `${Math.floor(whole / 3_600)} h ${Math.ceil((whole % 3_600) / 60)} min`;
}
