import { ResponseTooLarge } from './errors.ts';

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
