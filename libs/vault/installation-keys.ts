import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { KekMismatchError } from './errors.js';
import { unwrap, wrap } from './key-wrap.js';

/**
 * A secret of the whole installation, created on first use and wrapped by the key-encryption key. Any number of processes may
 * ask at once, all get the same bytes.
 * @param generate makes the secret if there is none yet; its result may be thrown away when another process was quicker.
 * @throws KekMismatchError when the stored secret was wrapped by another key file.
 */
export async function installationSecret(
  dataSource: DataSource,
  kek: KeyObject,
  name: string,
  generate: () => Buffer,
): Promise<Buffer> {
  const label = JSON.stringify(['installation-key', name]);
  const read = async (): Promise<Buffer | undefined> => {
    const rows = await dataSource.query<{ wrapped: Buffer }[]>('select wrapped from vault.installation_keys where name = $1', [
      name,
    ]);
    return rows[0]?.wrapped;
  };
  let wrapped = await read();
  if (!wrapped) {
    await dataSource.query('insert into vault.installation_keys (name, wrapped) values ($1, $2) on conflict do nothing', [
      name,
      wrap(kek, label, generate()),
    ]);
    wrapped = await read();
  }
  const secret = wrapped && unwrap(kek, label, wrapped);
  if (!secret) throw new KekMismatchError(`The installation key ${name}`);
  return secret;
}

/** A 256-bit installation key; see `installationSecret`. */
export async function installationKey(dataSource: DataSource, kek: KeyObject, name: string): Promise<KeyObject> {
  return createSecretKey(await installationSecret(dataSource, kek, name, () => randomBytes(32)));
}
