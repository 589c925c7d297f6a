import { ReadFault } from './faults.ts';

interface Entry {
  name: string;
  /** As the archive says; one that lies is caught by the limit of memory. */
  unpacked: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/** The table of contents of a ZIP archive, without unpacking anything. Throws `ReadFault`. */
export function entriesOf(bytes: Uint8Array): Entry[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(data);
  const count = data.readUInt16LE(end + 10);
  let at = data.readUInt32LE(end + 16);
  const entries: Entry[] = [];
  for (let index = 0; index < count; index++) {
    if (at + 46 > data.length || data.readUInt32LE(at) !== entrySignature) throw broken();
    const nameLength = data.readUInt16LE(at + 28);
    entries.push({
      name: data.toString('utf8', at + 46, at + 46 + nameLength),
      unpacked: data.readUInt32LE(at + 24),
    });
    at += 46 + nameLength + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
  }
  return entries;
}

function endOf(data: Buffer): number {
  // A comment of 65,535 bytes at most may follow it.
  const earliest = Math.max(0, data.length - 22 - 0xffff);
  for (let at = data.length - 22; at >= earliest; at--) if (data.readUInt32LE(at) === endSignature) return at;
  throw broken();
}

function broken(): ReadFault {
  return new ReadFault('damaged', 'it is an archive that is cut off or broken');
}
