/** Bits kept: eight megabytes. After a million names one in a thousand others seems to have been added, after ten million one in fifteen. */
const BITS = 2 ** 26;

/** Names that were added, as far as it can be told in little room: a name that was added is always among them, another now and then. */
export class Seen {
  private bits: Uint32Array | undefined;

  add(name: string): void {
    this.bits ??= new Uint32Array(BITS / 32);
    for (const bit of bitsOf(name)) this.bits[bit >>> 5]! |= 1 << (bit & 31);
  }

  mayHave(name: string): boolean {
    const { bits } = this;
    return bits !== undefined && bitsOf(name).every((bit) => (bits[bit >>> 5]! & (1 << (bit & 31))) !== 0);
  }
}

/** Two places, by FNV-1a and by what a multiplication makes of it. */
function bitsOf(name: string): [number, number] {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  const other = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return [(hash ^ (hash >>> 16)) & (BITS - 1), (other ^ (other >>> 13)) & (BITS - 1)];
}
