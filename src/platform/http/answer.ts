import { errors } from 'undici';

/** By their names in lower case; of a name that came twice, all its values. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Who takes an answer. What `head` and `data` throw ends the exchange. */
export interface AnswerReceiver {
  head(status: number, headers: AnswerHeaders): void;
  data(chunk: Buffer): void;
}

/** Who reads answers, one after the other. */
export interface AnswerReader {
  /** From now on bytes belong to an answer for this receiver. */
  begin(receiver: AnswerReceiver): void;
  /** Whether the answer is over with this chunk. Throws what is wrong with it, and what the receiver throws. */
  take(chunk: Buffer): boolean;
  /** Whether the end of the connection is the end of the answer, too. */
  endsHere(): boolean;
  /** After the end: whether another answer may follow on the same connection. */
  isReusable(): boolean;
  /** After the end: seconds for which the other side says that it keeps the connection open. */
  keptSeconds(): number | undefined;
}

const maxHeadBytes = 16 * 1024;
const maxSizeLine = 256; // a chunk's length in hex with its extensions
const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const none: Buffer = Buffer.alloc(0);

type State = 'head' | 'counted' | 'size' | 'chunk' | 'chunk end' | 'trailer' | 'until close' | 'over';

/**
 * Takes HTTP/1.1 answers to POSTs apart (RFC 9112). It is strict: what another reader could take for something else, such as
 * two lengths, a length beside chunks, a folded line or a bare line feed, is an error, and nothing is guessed.
 */
export function createAnswerReader(): AnswerReader {
  let receiver: AnswerReceiver | undefined;
  let state: State = 'over';
  /** Of a head or a line that is not whole yet. */
  let held = none;
  let leftBytes = 0;
  let reusable = false;
  let kept: number | undefined;

  /** The bytes up to a mark, which may come in pieces; undefined until it is there. */
  const upTo = (bytes: Buffer, mark: Buffer, limit: number): { part: Buffer; rest: Buffer } | undefined => {
    const whole = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const at = whole.indexOf(mark);
    if ((at < 0 ? whole.length : at) > limit) throw malformed('a part of it is too long');
    held = at < 0 ? whole : none;
    return at < 0 ? undefined : { part: whole.subarray(0, at), rest: whole.subarray(at + mark.length) };
  };

  const readHead = (bytes: Buffer): Buffer => {
    const found = upTo(bytes, headEnd, maxHeadBytes);
    if (!found) return none;
    const { status, isCurrent, headers } = headIn(found.part.toString('latin1'));
    if (status < 200) {
      if (status === 101) throw malformed('nobody has asked for another protocol');
      return found.rest; // the answer itself is still to come
    }
    const framing = framingOf(status, headers);
    [state, leftBytes] = framing;
    reusable = isCurrent && state !== 'until close' && !listed(headers.connection).includes('close');
    kept = keptIn(headers['keep-alive']);
    receiver?.head(status, headers);
    return found.rest;
  };

  const readData = (bytes: Buffer): Buffer => {
    const part = bytes.length > leftBytes ? bytes.subarray(0, leftBytes) : bytes;
    leftBytes -= part.length;
    if (leftBytes === 0) state = state === 'counted' ? 'over' : 'chunk end';
    receiver?.data(part);
    return bytes.subarray(part.length);
  };

  const readLine = (bytes: Buffer): Buffer => {
    const found = upTo(bytes, lineEnd, state === 'trailer' ? maxHeadBytes : maxSizeLine);
    if (!found) return none;
    const line = found.part.toString('latin1');
    if (state === 'size') {
      const size = /^([\da-f]{1,12})[\t ]*(?:;|$)/i.exec(line)?.[1];
      if (size === undefined) throw malformed('a chunk has no length');
      leftBytes = Number.parseInt(size, 16);
      state = leftBytes === 0 ? 'trailer' : 'chunk';
    } else if (state === 'chunk end') {
      if (line !== '') throw malformed('a chunk is longer than it says');
      state = 'size';
    } else if (line === '') state = 'over'; // what trailers say is nobody's concern
    return found.rest;
  };

  return {
    begin(next) {
      receiver = next;
      state = 'head';
      held = none;
    },
    take(chunk) {
      let bytes = chunk;
      while (bytes.length > 0 && state !== 'over') {
        if (state === 'head') bytes = readHead(bytes);
        else if (state === 'counted' || state === 'chunk') bytes = readData(bytes);
        else if (state === 'until close') {
          receiver?.data(bytes);
          return false;
        } else bytes = readLine(bytes);
      }
      if (state !== 'over') return false;
      if (bytes.length > 0) reusable = false; // whatever that is, nobody has asked for it
      receiver = undefined;
      return true;
    },
    endsHere: () => state === 'until close',
    isReusable: () => reusable,
    keptSeconds: () => kept,
  };
}

const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/; // RFC 9110, 5.6.2
/** A line feed or carriage return that ends no line, and what stands in no field. */
const strayControl = /\0|\r(?!\n)|(?<!\r)\n/;

function headIn(text: string): { status: number; isCurrent: boolean; headers: Record<string, string | string[]> } {
  if (strayControl.test(text)) throw malformed('its head holds a stray line end');
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, status] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first) ?? [];
  if (status === undefined) throw malformed('it does not begin with a status');
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !token.test(name)) throw malformed('a header has no name');
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return { status: Number(status), isCurrent: minor === '1', headers };
}

/** How the end of a body is found (RFC 9112, 6.3), and its bytes where they are counted. */
function framingOf(status: number, headers: AnswerHeaders): [State, number] {
  const { 'transfer-encoding': coding, 'content-length': length } = headers;
  if (status === 204 || status === 304) return ['over', 0];
  if (coding !== undefined) {
    if (length !== undefined) throw malformed('it has a length beside chunks');
    if (String(coding).toLowerCase() !== 'chunked') throw malformed('its transfer coding is not known');
    return ['size', 0];
  }
  if (length === undefined) return ['until close', 0];
  if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) throw malformed('its length is not one number');
  const bytes = Number(length);
  return [bytes === 0 ? 'over' : 'counted', bytes];
}

function listed(value: string | string[] | undefined): string[] {
  return value === undefined
    ? []
    : String(value)
        .toLowerCase()
        .split(/[\t ]*,[\t ]*/);
}

function keptIn(value: string | string[] | undefined): number | undefined {
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(String(value ?? ''))?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

function malformed(reason: string): Error {
  return new errors.HTTPParserError(`the answer is no HTTP/1.1: ${reason}`);
}
