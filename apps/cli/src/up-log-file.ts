import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

const maxBytes = 10_000_000;

/** A log of mode 0600, begun anew at the start when it has grown past 10 MB; the one before it is kept as `.1`. */
export class LogFile {
  readonly file: string;
  private readonly stream: WriteStream;

  constructor(dir: string, name: string, report: (line: string) => void) {
    this.file = join(dir, name);
    if ((statSync(this.file, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(this.file, `${this.file}.1`);
    this.stream = createWriteStream(this.file, { flags: 'a', mode: 0o600 });
    this.stream.on('error', (error) => {
      report(`${this.file} is no longer written: ${error.message}`);
    });
  }

  write(line: string): void {
    if (this.stream.writable) this.stream.write(`${line}\n`);
  }

  async close(): Promise<void> {
    if (this.stream.destroyed) return;
    await new Promise<void>((resolve) => {
      this.stream.once('close', resolve).end();
    });
  }
}
