import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ExportedAppeal, ExportedRating, ProvincialRatings } from '../contexts/cases/provincial-ratings.js';

const NEWLINE = 0x0a;

type Exported = ExportedRating | ExportedAppeal;

/**
 * Hands ratings, and appeals that were upheld, over as lines of a file, one JSON object each, written through before it says so. What stands in the file is
 * not written again, whoever wrote it; a line that was cut off by a crash is taken away first. Whoever carries the file to the province
 * may move it away at any time: a new one is begun.
 */
export class ProvincialFile implements ProvincialRatings {
  private known = new Set<string>();
  /** Bytes of the file that were read. */
  private read = 0;
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** @throws Error of the file system */
  export(rating: Exported): Promise<void> {
    const done = this.queue.then(() => this.append(rating));
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async append(rating: Exported): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      if (size < this.read) this.forget();
      const fresh = Buffer.alloc(size - this.read);
      await file.read(fresh, 0, fresh.length, this.read);
      const whole = fresh.lastIndexOf(NEWLINE) + 1;
      for (const line of fresh.subarray(0, whole).toString().split('\n'))
        if (line !== '') this.known.add(keyOf(JSON.parse(line)));
      if (whole < fresh.length) await file.truncate(this.read + whole);
      this.read += whole;
      if (this.known.has(keyOf(rating))) return;
      const line = Buffer.from(`${JSON.stringify(rating)}\n`);
      await file.appendFile(line);
      await file.sync();
      this.read += line.length;
      this.known.add(keyOf(rating));
    } finally {
      await file.close();
    }
  }

  /** Another file than before. */
  private forget(): void {
    this.known = new Set();
    this.read = 0;
  }
}

/** What is handed over once: a rating, and the end of the appeal against it. */
const keyOf = (what: Exported): string => ('appeal' in what ? `${what.ratingId}/appeal` : what.ratingId);
