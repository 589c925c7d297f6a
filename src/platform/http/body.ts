import { readRequestBody } from '@modelcontextprotocol/server';
import { ResponseTooLarge } from './errors.ts';

/**
 * The body of a request as text, or undefined when it has more than `maxBytes`. Node's parser keeps a body to the length
 * that was announced, so that only one of unknown length is counted on its way, which costs a web stream.
 */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const announced = request.headers.get('content-length');
  if (announced === null || request.headers.has('transfer-encoding')) {
    const read = await readRequestBody(request, maxBytes);
    return read.tooLarge ? undefined : read.text;
  }
  return Number(announced) > maxBytes ? undefined : request.text();
}

/** The body of a request, or undefined when it has more than `maxBytes`: no more than that is read. */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer<ArrayBuffer> | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The whole decoded body, if it has at most `maxBytes`; otherwise the rest is not fetched and `ResponseTooLarge` is thrown. */
export async function readBounded(response: Response, maxBytes: number): Promise<Buffer> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > maxBytes) {
    await response.body?.cancel();
    throw ResponseTooLarge({ maxBytes });
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop by an error cancels the stream.
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw ResponseTooLarge({ maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
