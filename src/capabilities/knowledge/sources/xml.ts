/** A piece of an XML text. Texts and values are as written, with their entities. */
export type XmlPiece =
  | { kind: 'open'; name: string; attributes: Record<string, string>; empty: boolean }
  | { kind: 'close'; name: string }
  | { kind: 'text'; text: string }
  | { kind: 'cdata'; text: string };

const names = /^[\p{L}_:][\p{L}\p{N}_:.-]*/u;
const attribute = /\s*([\p{L}_:][\p{L}\p{N}_:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/uy;

/**
 * The pieces of a text in order, however broken it is: declarations, comments and document types are passed over, so
 * that no entity is ever defined. Whoever needs a tree keeps it.
 */
export function* xmlPieces(xml: string): Generator<XmlPiece> {
  for (let at = 0; at < xml.length; ) {
    const tag = xml.indexOf('<', at);
    if (tag !== at) yield { kind: 'text', text: xml.slice(at, tag < 0 ? undefined : tag) };
    if (tag < 0) return;
    if (xml.startsWith('<![CDATA[', tag)) {
      const end = endOf(xml, ']]>', tag);
      yield { kind: 'cdata', text: xml.slice(tag + 9, end) };
      at = end + 3;
    } else if (xml.startsWith('<!--', tag)) at = endOf(xml, '-->', tag + 4) + 3;
    else if (xml.startsWith('<?', tag)) at = endOf(xml, '?>', tag) + 2;
    else if (xml.startsWith('<!', tag)) at = endOfDoctype(xml, tag);
    else {
      const end = endOfTag(xml, tag);
      const piece = pieceOf(xml.slice(tag + 1, end));
      if (piece) yield piece;
      at = end + 1;
    }
  }
}

function endOf(xml: string, mark: string, from: number): number {
  const end = xml.indexOf(mark, from);
  return end < 0 ? xml.length : end;
}

function endOfDoctype(xml: string, from: number): number {
  const inner = xml.indexOf('[', from);
  const end = endOf(xml, '>', from);
  return inner >= 0 && inner < end ? endOf(xml, ']>', inner) + 2 : end + 1;
}

/** A `>` may stand in a quoted value. */
function endOfTag(xml: string, from: number): number {
  let quote = '';
  for (let i = from; i < xml.length; i++) {
    const char = xml[i] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return i;
  }
  return xml.length;
}

function pieceOf(tag: string): XmlPiece | undefined {
  const closing = tag.startsWith('/');
  const name = names.exec(closing ? tag.slice(1) : tag)?.[0];
  if (name === undefined) return undefined;
  if (closing) return { kind: 'close', name };
  const attributes: Record<string, string> = Object.create(null);
  attribute.lastIndex = name.length;
  for (let found = attribute.exec(tag); found; found = attribute.exec(tag))
    attributes[found[1] as string] = found[2] ?? found[3] ?? '';
  return { kind: 'open', name, attributes, empty: tag.endsWith('/') };
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text that a piece of text stands for; entities that XML does not know stay as written. */
export function decodeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w{2,8}));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
