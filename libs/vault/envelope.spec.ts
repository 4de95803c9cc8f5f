import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { Sealed } from '@huicai/kernel';
import { openWith, sealWith } from './envelope.js';

const SUBJECT = '5f2c7a52-6f5e-5d0e-8a53-0c5b3f5f1a77';

const WRITTEN =
  '{"$enc":1,"s":"5f2c7a52-6f5e-5d0e-8a53-0c5b3f5f1a77","k":1,"a":"A256GCM","iv":"CQkJCQkJCQkJCQkJ","ct":"BWA4NFpISEM","tag":"ilyBLYIG8YiOkZYjZcbCBQ","ctx":"talent-1/c/name"}';

describe('envelope format', () => {
  it('is AES-256-GCM over the JSON text, with the canonical JSON of [s, k, a, ctx] as additional data', () => {
    const key = createSecretKey(randomBytes(32));
    const sealed = sealWith(key, SUBJECT, 3, 'talent-1/c/name', '张三');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64url'));
    decipher.setAAD(Buffer.from(`["${SUBJECT}",3,"A256GCM","talent-1/c/name"]`));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64url'));
    const clear = Buffer.concat([decipher.update(Buffer.from(sealed.ct, 'base64url')), decipher.final()]);
    expect(clear.toString()).toBe('"张三"');
  });

  it('stays readable: an envelope written once opens for ever', () => {
    const key = createSecretKey(Buffer.alloc(32, 7));
    const written = JSON.parse(WRITTEN) as Sealed;
    expect(openWith(key, written)).toBe('张三');
  });
});
