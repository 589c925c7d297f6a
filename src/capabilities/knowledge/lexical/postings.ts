/**
 * One posting is three bytes, least first: which chunk of the block (10 bits), how often the term stands in its body (4),
 * title (2) and headings (2), and the length of the body, rounded to steps of a fifth (6).
 *
 * Most of what a search costs is to bring postings from the database, so they are as small as the formula allows: it makes
 * little of a fifteenth occurrence, or of whether a chunk has 110 words or 120 (Lucene rounds lengths in the same way). The
 * weights of the formula are not in it, so that settings may change without a new index.
 */
const placeBits = 10;
export const blockSize = 1 << placeBits;
export const postingBytes = 3;

const mostInBody = 15;
const mostInTitle = 3;
const stepsPerOctave = 4;
const mostLengthCode = 63;

/** How often a term stands in each field of a chunk. */
export interface Counts {
  title: number;
  headings: number;
  body: number;
}

export const blockOf = (chunk: number): number => chunk >>> placeBits;
export const placeIn = (chunk: number): number => chunk & (blockSize - 1);

export function packPosting(chunk: number, { title, headings, body }: Counts, bodyLength: number): number {
  return (
    placeIn(chunk) |
    (Math.min(body, mostInBody) << 10) |
    (Math.min(title, mostInTitle) << 14) |
    (Math.min(headings, mostInTitle) << 16) |
    (lengthCode(bodyLength) << 18)
  );
}

export const bodyOf = (posting: number): number => (posting >>> 10) & 15;
export const titleOf = (posting: number): number => (posting >>> 14) & 3;
export const headingsOf = (posting: number): number => (posting >>> 16) & 3;
export const lengthCodeOf = (posting: number): number => posting >>> 18;

/** Every length that there is in postings, by its code. */
export const lengthsByCode: readonly number[] = Array.from(
  { length: mostLengthCode + 1 },
  (_, code) => 2 ** (code / stepsPerOctave) - 1,
);

const lengthCode = (length: number): number =>
  Math.min(mostLengthCode, Math.round(Math.log2(length + 1) * stepsPerOctave));

export function encodePostings(postings: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(postings.length * postingBytes);
  for (const [at, posting] of postings.entries()) bytes.writeUIntLE(posting, at * postingBytes, postingBytes);
  return bytes;
}

/** By hand, since this runs for every posting of every search. */
export const postingAt = (bytes: Buffer, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);

/** Without those of some chunks. */
export function withoutPlaces(bytes: Buffer, places: ReadonlySet<number>): Buffer {
  const kept: number[] = [];
  for (let at = 0; at < bytes.length; at += postingBytes) {
    const posting = postingAt(bytes, at);
    if (!places.has(placeIn(posting))) kept.push(posting);
  }
  return encodePostings(kept);
}

/** All postings of one term: blocks one after the other, each with its number and its length in bytes, big endian, before it. */
export type TermPostings = Buffer;

export function countOf(blocks: TermPostings): number {
  let count = 0;
  for (let at = 0; at < blocks.length; ) {
    const bytes = blocks.readInt32BE(at + 4);
    count += bytes / postingBytes;
    at += 8 + bytes;
  }
  return count;
}
