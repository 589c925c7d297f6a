import { StringDecoder } from 'node:string_decoder';

/**
 * Reads a stream of server-sent events (WHATWG HTML, 9.2) and tells the data of each that is a `message`. At most
 * `maxBytes` of one event are held; what `tooLarge` makes is thrown for more.
 */
export function createEventReader(
  maxBytes: number,
  onMessage: (data: string) => void,
  tooLarge: () => Error,
): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let line: string[] = []; // the pieces of one that has not ended
  let endedByCr = false;
  let held = 0;
  let data: string[] = [];
  let type = '';

  const onLine = (line: string) => {
    if (line === '') {
      const text = data.join('\n');
      if (text.length > maxBytes) throw tooLarge();
      if (data.length > 0 && (type === '' || type === 'message')) onMessage(text);
      data = [];
      type = '';
      held = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
  };

  return (chunk) => {
    held += chunk.length;
    const text = (endedByCr ? '\r' : '') + decoder.write(chunk);
    // A line ends with LF, CR or CRLF, and a CR at the very end may be half of one.
    endedByCr = text.endsWith('\r');
    const end = endedByCr ? text.length - 1 : text.length;
    let from = 0;
    for (const match of text.slice(0, end).matchAll(/\r\n|\n|\r/g)) {
      line.push(text.slice(from, match.index));
      onLine(line.join(''));
      line = [];
      from = match.index + match[0].length;
    }
    if (from < end) line.push(text.slice(from, end));
    if (held > maxBytes) throw tooLarge();
  };
}
