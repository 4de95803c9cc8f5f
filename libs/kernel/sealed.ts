/**
 * A personal field as it stands in an event or a command: encrypted with its subject's key, never in clear.
 * `ctx` names the place it was made for (`<stream>/<commandId>/<field path>`) and is part of the authenticated data, so an
 * envelope moved to another field or stream does not open. The type parameter only tells what is inside.
 */
export interface Sealed<T = string> {
  readonly $enc: 1;
  /** Subject whose key opens it. */
  readonly s: string;
  /** Version of that key. */
  readonly k: number;
  readonly a: 'A256GCM';
  /** base64url, as are `ct` and `tag`. */
  readonly iv: string;
  readonly ct: string;
  readonly tag: string;
  readonly ctx: string;
  readonly __inside?: T;
}
