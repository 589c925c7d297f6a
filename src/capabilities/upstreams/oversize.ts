import { ProtocolError } from '@modelcontextprotocol/client';
import { isObject } from '../../kernel/json.ts';

/** JSON-RPC code of the error put in the place of an answer that is too long to be read. */
const oversizeCode = -32_081;

/** An upstream sent more in one piece than is taken. The message is fit for callers. */
export class AnswerTooLarge extends Error {
  override name = 'AnswerTooLarge';
  readonly maxBytes: number;
  /** How much it was; undefined when it was not read to its end. */
  readonly bytes: number | undefined;

  constructor(maxBytes: number, bytes?: number) {
    super(`it gave an answer of ${sizeOf(maxBytes, bytes)}; at most ${maxBytes} bytes are read`);
    this.maxBytes = maxBytes;
    this.bytes = bytes;
  }

  get size(): string {
    return sizeOf(this.maxBytes, this.bytes);
  }
}

function sizeOf(maxBytes: number, bytes: number | undefined): string {
  return bytes === undefined ? `more than ${maxBytes} bytes` : `${bytes} bytes`;
}

/** As an error that takes the answer's place among JSON-RPC messages. */
export function oversizeFault({ message, maxBytes, bytes }: AnswerTooLarge) {
  return { code: oversizeCode, message, data: { maxBytes, bytes } };
}

/** The one that stands behind an error, if there is one. */
export function oversizeIn(error: unknown): AnswerTooLarge | undefined {
  for (let inner = error, depth = 0; depth < 6 && inner instanceof Error; inner = inner.cause, depth++) {
    if (inner instanceof AnswerTooLarge) return inner;
    if (!(inner instanceof ProtocolError) || inner.code !== oversizeCode || !isObject(inner.data)) continue;
    const { maxBytes, bytes } = inner.data;
    if (typeof maxBytes === 'number' && typeof bytes === 'number') return new AnswerTooLarge(maxBytes, bytes);
  }
  return undefined;
}
