import { decodeXml, xmlPieces } from '../xml.ts';

interface Frame {
  name: string;
  /** What ends it in HTML. */
  end: string;
  muted: boolean;
  macro?: Macro;
  /** Its text is a parameter of the macro around it. */
  parameter?: string;
  /** A link says something once any text was in it. */
  link?: { written: boolean; target: string };
}

interface Macro {
  name: string;
  parameters: Record<string, string>;
}

const keptAttributes = new Set(['href', 'colspan', 'rowspan', 'start', 'datetime', 'lang']);
const voids = new Set(['br', 'hr', 'img', 'col', 'input', 'wbr']);
/** Say nothing of their own, or say what stands elsewhere. */
const muted = new Set([
  'ac:adf-fallback',
  'ac:adf-attribute',
  'ac:task-id',
  'ac:task-uuid',
  'ac:placeholder',
  'script',
  'style',
]);
/** Tags within tags; the texts of deeper ones stay. */
const maxDepth = 200;
const codeMacros = new Set(['code', 'noformat', 'code-block']);

/** HTML of a page in Confluence's storage format, an XHTML with macros: their texts stay, their workings go. */
export function htmlOfStorage(storage: string, title: string): string {
  const out: string[] = [`<!doctype html><html><head><title>${escapeHtml(title)}</title></head><body>`];
  const frames: Frame[] = [];

  const isMuted = () => frames.some((frame) => frame.muted);
  const macroAround = () => frames.findLast((frame) => frame.macro)?.macro;

  /** @param html already escaped */
  function write(html: string): void {
    const parameter = frames.findLast((frame) => frame.parameter !== undefined);
    if (parameter) {
      const macro = macroAround();
      if (macro)
        macro.parameters[parameter.parameter as string] =
          (macro.parameters[parameter.parameter as string] ?? '') + html;
    } else if (!isMuted()) {
      out.push(html);
      const link = frames.findLast((frame) => frame.link)?.link;
      if (link && html.trim() !== '') link.written = true;
    }
  }

  function open(name: string, attributes: Record<string, string>, empty: boolean): void {
    if (frames.length >= maxDepth) return;
    const frame = frameOf(name, attributes);
    if (voids.has(name)) return;
    frames.push(frame);
    if (empty) close(name);
  }

  function frameOf(name: string, attributes: Record<string, string>): Frame {
    const frame: Frame = { name, end: '', muted: muted.has(name) };
    if (!name.includes(':')) {
      write(name === 'time' ? (attributes.datetime ?? '') : startTag(name, attributes));
      if (!voids.has(name) && name !== 'time') frame.end = `</${name}>`;
      return frame;
    }
    const macro = macroAround();
    switch (name) {
      case 'ac:structured-macro':
      case 'ac:macro':
        frame.macro = { name: attributes['ac:name'] ?? '', parameters: {} };
        break;
      case 'ac:parameter':
        frame.parameter = attributes['ac:name'] ?? '';
        break;
      case 'ac:plain-text-body': {
        const language = codeMacros.has(macro?.name ?? '') ? macro?.parameters.language : undefined;
        writeTitle(macro);
        write(`<pre><code${language && /^[\w+#-]+$/.test(language) ? ` class="language-${language}"` : ''}>`);
        frame.end = '</code></pre>';
        break;
      }
      case 'ac:rich-text-body':
        writeTitle(macro);
        write('<div>');
        frame.end = '</div>';
        break;
      case 'ac:link':
        frame.link = { written: false, target: '' };
        break;
      case 'ri:page':
      case 'ri:blog-post':
      case 'ri:attachment': {
        const link = frames.findLast((each) => each.link)?.link;
        if (link) link.target = attributes['ri:content-title'] ?? attributes['ri:filename'] ?? '';
        break;
      }
      case 'ac:image':
        write(attributes['ac:alt'] ?? '');
        break;
      case 'ac:emoticon':
        write(attributes['ac:emoji-fallback'] ?? '');
        break;
      case 'ac:task-list':
        write('<ul>');
        frame.end = '</ul>';
        break;
      case 'ac:task':
        write('<li>');
        frame.end = '</li>';
        break;
      default:
    }
    return frame;
  }

  function writeTitle(macro: Macro | undefined): void {
    const named = macro?.parameters.title?.trim();
    if (named) write(`<p><strong>${named}</strong></p>`);
  }

  function close(name: string): void {
    const at = frames.findLastIndex((frame) => frame.name === name);
    if (at < 0) return;
    while (frames.length > at) {
      const frame = frames.pop() as Frame;
      if (frame.link && !frame.link.written) write(frame.link.target);
      const { name: macro, parameters } = frame.macro ?? { name: '', parameters: {} };
      if (macro === 'status') write(parameters.title ?? '');
      if (macro === 'jira') write(parameters.key ?? '');
      if (frame.end !== '') write(frame.end);
    }
  }

  for (const piece of xmlPieces(storage)) {
    if (piece.kind === 'open') open(piece.name, piece.attributes, piece.empty);
    else if (piece.kind === 'close') close(piece.name);
    else if (piece.kind === 'cdata') write(escapeHtml(piece.text));
    else if (frames.at(-1)?.name === 'ac:task-status') write(piece.text === 'complete' ? '[x] ' : '[ ] ');
    else write(piece.text);
  }
  while (frames.length > 0) close((frames.at(-1) as Frame).name);
  out.push('</body></html>');
  return out.join('');
}

function startTag(name: string, attributes: Record<string, string>): string {
  const kept = Object.entries(attributes)
    .filter(([key]) => keptAttributes.has(key))
    .map(([key, value]) => ` ${key}="${escapeHtml(decodeXml(value))}"`);
  return `<${name}${kept.join('')}>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
