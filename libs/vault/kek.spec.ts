import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKekFile, KekUnreadableError, readKek } from './index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'huicai-kek-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('key file', () => {
  it('is made once, for its owner alone, whoever asks at once', async () => {
    const path = join(folder, 'kek');
    const keys = await Promise.all(
      Array.from({ length: 8 }, async () => {
        await createKekFile(path);
        return (await readKek(path)).export().toString('hex');
      }),
    );
    expect(new Set(keys).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['kek']);
  });

  it('may hold the key as hexadecimal digits', async () => {
    const key = randomBytes(32);
    const path = join(folder, 'kek');
    await writeFile(path, `${key.toString('hex')}\n`, { mode: 0o600 });
    expect((await readKek(path)).export()).toEqual(key);
  });

  it.each([0, 31, 33, 64])('of %i bytes that are no key is refused without repeating them', async (length) => {
    const path = join(folder, 'kek');
    const content = 'z'.repeat(length);
    await writeFile(path, content, { mode: 0o600 });
    const error: unknown = await readKek(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KekUnreadableError);
    expect((error as Error).message).not.toContain('zz');
  });

  it('that others may read, or that is not there, is refused', async () => {
    const path = join(folder, 'kek');
    await expect(readKek(path)).rejects.toThrow(/ENOENT/);
    await writeFile(path, randomBytes(32));
    for (const mode of [0o604, 0o644, 0o660]) {
      await chmod(path, mode);
      await expect(readKek(path)).rejects.toThrow(/0600/);
    }
    await expect(createKekFile(join(folder, 'no', 'kek'))).rejects.toThrow(/ENOENT/);
  });
});
